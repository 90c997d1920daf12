"""Dividends and splits that stand as rows of their own among the prices, as on Yahoo's page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

_DIVIDEND = re.compile(r"([0-9]+(?:\.[0-9]+)?) dividend", re.IGNORECASE)
_SPLIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)[:/]([0-9]+(?:\.[0-9]+)?) stock splits?", re.IGNORECASE)


@dataclass(slots=True)
class PageEvents:
    """The events of a page by the text of their date."""

    dividends: dict[str, str] = field(default_factory=dict)  # USD a share
    splits: dict[str, str] = field(default_factory=dict)  # new shares for one old share

    def take(self, cells: Sequence[str]) -> bool:
        """Take a row if it is an event; return whether it is."""
        told = [cell for cell in cells[1:] if cell]
        if len(told) != 1:
            return False
        if found := _DIVIDEND.fullmatch(told[0]):
            self.dividends[cells[0]] = found[1]
        elif (found := _SPLIT.fullmatch(told[0])) and float(found[2]):
            self.splits[cells[0]] = repr(float(found[1]) / float(found[2]))
        else:
            return False
        return True

    def on_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows with the columns dividend and split, filled in on the dates of the events."""
        result = frame
        columns: tuple[tuple[str, Mapping[str, str]], ...] = (("dividend", self.dividends), ("split", self.splits))
        for name, events in columns:
            if events and name not in frame:
                result = result.assign(**{name: [events.get(str(day), "") for day in frame["date"]]})
        return result
