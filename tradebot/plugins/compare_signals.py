"""Two answers of one strategy, side by side, and the sessions at which it pays to compare them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from tradebot.core.model.signals import ExitPolicy
from tradebot.plugins.signal_validation import StrategySignals


@dataclass(frozen=True, slots=True)
class DifferenceText:
    """How the two answers are told apart in words: "True with the future present, False without"."""

    first: str
    second: str


def first_difference(
    one: StrategySignals, two: StrategySignals, wording: DifferenceText, tolerance: float = 0.0
) -> str:
    """The earliest session and symbol at which two answers over the same sessions differ, in words; empty if none.

    Only symbols that are ready in both are compared. Scores and fractions of the exit policy may differ by
    ``tolerance`` relative to their size, and scores count only where both enter.
    """
    if objection := _policies_differ(one, two, wording, tolerance):
        return objection
    both = one.ready & two.ready
    entering = one.entry & two.entry
    differences = {
        "entry": both & (one.entry != two.entry),
        "exit": both & (one.exit != two.exit),
        "score": entering & ~np.isclose(one.score, two.score, rtol=tolerance, atol=tolerance),
    }
    rows = {field: int(where.any(axis=1).argmax()) for field, where in differences.items() if where.any()}
    if not rows:
        return ""
    field = min(rows, key=lambda name: rows[name])
    row = rows[field]
    column = int(differences[field][row].argmax())
    before, after = (getattr(answer, field)[row, column] for answer in (one, two))
    where = f"{one.sessions[row]:%Y-%m-%d} {one.symbols[column]}"
    return f"{where}: {field} is {before} {wording.first}, {after} {wording.second}"


def _policies_differ(one: StrategySignals, two: StrategySignals, wording: DifferenceText, tolerance: float) -> str:
    for name in (field.name for field in fields(ExitPolicy)):
        before, after = getattr(one.exits, name), getattr(two.exits, name)
        if not _same(before, after, tolerance):
            return f"exits.{name} is {before} {wording.first}, {after} {wording.second}"
    if not _same(one.risk_pct, two.risk_pct, tolerance):
        return f"risk_pct is {one.risk_pct} {wording.first}, {two.risk_pct} {wording.second}"
    return ""


def _same(before: Decimal | float | None, after: Decimal | float | None, tolerance: float) -> bool:
    if before is None or after is None:
        return before is after
    return bool(np.isclose(float(before), float(after), rtol=tolerance, atol=0.0))


def rows_of(answer: StrategySignals, start: int, stop: int) -> StrategySignals:
    """The part of an answer from row ``start`` up to, not including, ``stop``."""
    return replace(
        answer,
        sessions=answer.sessions[start:stop],
        entry=answer.entry[start:stop],
        exit=answer.exit[start:stop],
        score=answer.score[start:stop],
        age=answer.age[start:stop],
        ready=answer.ready[start:stop],
    )


def last_row_of(answer: StrategySignals) -> StrategySignals:
    return rows_of(answer, len(answer.sessions) - 1, len(answer.sessions))


def with_columns(answer: StrategySignals, order: NDArray[np.int64]) -> StrategySignals:
    """The answer with its symbols in another order."""
    return replace(
        answer,
        symbols=tuple(answer.symbols[column] for column in order),
        entry=answer.entry[:, order],
        exit=answer.exit[:, order],
        score=answer.score[:, order],
        age=answer.age[:, order],
        ready=answer.ready[:, order],
    )


def telling_rows(answer: StrategySignals, first: int, count: int) -> list[int]:
    """Up to ``count`` rows from ``first`` on, ascending: half of them where a signal changes or is about to.

    The choice depends on the answer alone, so that a check gives the same verdict every time.
    """
    rows = np.arange(first, len(answer.sessions))
    if len(rows) <= count:
        return [int(row) for row in rows]
    state = np.concatenate([answer.entry, answer.exit], axis=1)
    changes = np.flatnonzero((state[1:] != state[:-1]).any(axis=1)) + 1
    around = np.unique(np.concatenate([changes - 1, changes]))
    chosen = set(_spread(around[around >= first], count // 2))
    chosen.update(_spread(np.setdiff1d(rows, np.array(sorted(chosen), dtype=rows.dtype)), count - len(chosen)))
    return sorted(chosen)


def _spread(rows: NDArray[np.int64], count: int) -> list[int]:
    """``count`` of ``rows``, evenly spread, its first and last among them; all when there are no more."""
    if len(rows) <= count:
        return [int(row) for row in rows]
    return [int(rows[at]) for at in np.linspace(0, len(rows) - 1, count).round().astype(int)]
