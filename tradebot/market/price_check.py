"""What a sound price file holds: its extent, its gaps, and how many of its symbols are still there at its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from tradebot.market.answers import Question, read_answers
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile


@dataclass(frozen=True, slots=True)
class PriceSummary:
    """The extent of a price file.

    absent: sessions of the exchange between its first and its last of which the file has no bar at all.
    missing_bars: bars that a symbol lacks between its first and its last, by symbol, where there are any.
    surviving: symbols with a bar in the last session.
    """

    symbols: tuple[str, ...]
    bars: int
    first_session: date
    last_session: date
    absent: tuple[date, ...]
    missing_bars: dict[str, int]
    surviving: int
    actions: int
    answered: tuple[Question, ...]


def summary(path: Path, actions: Path | None) -> PriceSummary:
    """Read and check a price file with its corporate actions. Raises ConfigError with every problem."""
    prices = PriceFile(path, actions)
    close = prices.history().close
    sessions = prices.sessions()
    there = close.notna().to_numpy()
    rows = np.arange(len(sessions))[:, None]
    first = np.where(there, rows, len(sessions)).min(axis=0)
    last = np.where(there, rows, -1).max(axis=0)
    lacking = last - first + 1 - there.sum(axis=0)
    known = set(sessions)
    return PriceSummary(
        symbols=tuple(close.columns),
        bars=int(there.sum()),
        first_session=sessions[0],
        last_session=sessions[-1],
        absent=tuple(
            hours.session for hours in NyseCalendar().between(sessions[0], sessions[-1]) if hours.session not in known
        ),
        missing_bars={symbol: int(count) for symbol, count in zip(close.columns, lacking, strict=True) if count},
        surviving=int(there[-1].sum()),
        actions=len(prices.actions()),
        answered=tuple(sorted(read_answers(path), key=lambda each: (each.symbol, each.day))),
    )
