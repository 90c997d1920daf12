"""What only a person knows of a price file: whether a tenfold move is true, and how a symbol ended.

The answers are kept in a file beside the prices, so that each is asked once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from tradebot.errors import ConfigError, Problem

_COLUMNS = ("symbol", "date", "kind", "before", "close")


class QuestionKind(StrEnum):
    """What is asked."""

    JUMP = "jump"
    END = "end"


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """A move of a close, or the last bar of a symbol, that no corporate action explains. Prices in USD a share."""

    symbol: str
    day: date
    kind: QuestionKind
    before: float | None  # the close before a jump; None for an end
    close: float

    @property
    def what(self) -> str:
        """The question as a statement."""
        if self.kind is QuestionKind.JUMP:
            return (
                f"the close of {self.symbol} goes from {self.before:g} to {self.close:g} on {self.day}, and no split "
                "explains it"
            )
        return f"the bars of {self.symbol} end on {self.day} at {self.close:g}, and no corporate action says why"

    @property
    def fix(self) -> str:
        """What to do, save confirming it."""
        if self.kind is QuestionKind.JUMP:
            return "If it is wrong, correct the price, or add the split to the corporate actions."
        return (
            "Add a row for the day after to the corporate actions: `cash_merger` with USD a share, or `delisting` with "
            "what was left of one."
        )


def answers_file(prices: Path) -> Path:
    """The file beside a price file that holds what was confirmed of it."""
    place = prices.resolve()  # a link to the file has the same answers
    return place.with_name(f"{place.name}.confirmed.csv")


def read_answers(prices: Path) -> frozenset[Question]:
    """What was confirmed of a price file; empty without such a file. Raises ConfigError if it cannot be read."""
    path = answers_file(prices)
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
        lines = list(reader)
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, csv.Error) as error:
        raise _damaged(path, str(error)) from error
    if tuple(reader.fieldnames or ()) != _COLUMNS:
        raise _damaged(path, f"its columns are not {', '.join(_COLUMNS)}")
    try:
        return frozenset(map(_parsed, lines))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"a row is not {', '.join(_COLUMNS)}") from error


def answers_text(answers: Iterable[Question]) -> str:
    """The content of the file of answers."""
    rows = (
        f"{each.symbol},{each.day},{each.kind},{'' if each.before is None else repr(each.before)},{each.close!r}"
        for each in sorted(answers, key=lambda each: (each.symbol, each.day, each.kind))
    )
    return "\n".join((",".join(_COLUMNS), *rows, ""))


def _parsed(row: dict[str, str]) -> Question:
    before = float(row["before"]) if row["before"] else None
    day = date.fromisoformat(row["date"])
    return Question(row["symbol"], day, QuestionKind(row["kind"]), before, float(row["close"]))


def _damaged(path: Path, why: str) -> ConfigError:
    what = f"the file of what was confirmed cannot be read: {why}"
    return ConfigError([Problem(str(path), what, "Delete it, and confirm again with `tradebot data check`.")])
