"""Comparison of two signal sets of one strategy, and the choice of the sessions to compare."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from tradebot.core.model.signals import ExitPolicy
from tradebot.plugins.signal_validation import StrategySignals


@dataclass(frozen=True, slots=True)
class DifferenceText:
    """What a message appends to the two values, as in "True as it is, False with prices x 0.5"."""

    first: str
    second: str


def first_difference(
    one: StrategySignals, two: StrategySignals, wording: DifferenceText, tolerance: float = 0.0
) -> str:
    """A message about the earliest session and symbol at which two signal sets of the same sessions differ; "" if none.

    Symbols are compared where they are ready in both sets, scores, stops and targets where both enter. Scores and
    fractions of a price may differ by ``tolerance``, relative to their size.
    """
    if difference := _policy_difference(one, two, wording, tolerance):
        return difference
    both = one.ready & two.ready
    entering = one.entry & two.entry
    differences = {
        "entry": both & (one.entry != two.entry),
        "exit": both & (one.exit != two.exit),
        "score": _differing(entering, one.score, two.score, tolerance, atol=tolerance),
        "stop": _differing(entering, one.stop, two.stop, tolerance, equal_nan=True),
        "target": _differing(entering, one.target, two.target, tolerance, equal_nan=True),
    }
    rows = {field: int(where.any(axis=1).argmax()) for field, where in differences.items() if where.any()}
    if not rows:
        return ""
    field = min(rows, key=lambda name: rows[name])
    row = rows[field]
    column = int(differences[field][row].argmax())
    before, after = (_value(getattr(signals, field), row, column) for signals in (one, two))
    where = f"{one.sessions[row]:%Y-%m-%d} {one.symbols[column]}"
    return f"{where}: {field} is {before} {wording.first}, {after} {wording.second}"


def _differing(
    where: NDArray[np.bool_],
    one: NDArray[np.float64] | None,
    two: NDArray[np.float64] | None,
    rtol: float,
    *,
    atol: float = 0.0,
    equal_nan: bool = False,
) -> NDArray[np.bool_]:
    """Where two fields hold other numbers, among the cells of ``where``: in all of them if only one is present."""
    if one is None or two is None:
        return np.full_like(where, False) if one is two else where
    differing = np.full_like(where, False)
    if where.any():
        differing[where] = ~np.isclose(one[where], two[where], rtol=rtol, atol=atol, equal_nan=equal_nan)
    return differing


def _value(values: NDArray[np.generic] | None, row: int, column: int) -> object:
    return None if values is None else values[row, column]


def _policy_difference(one: StrategySignals, two: StrategySignals, wording: DifferenceText, tolerance: float) -> str:
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
    return before == after or bool(np.isclose(float(before), float(after), rtol=tolerance, atol=0.0))


def row_slice(signals: StrategySignals, start: int, stop: int) -> StrategySignals:
    """The signals of the rows from ``start`` up to, not including, ``stop``."""
    return replace(
        signals,
        sessions=signals.sessions[start:stop],
        entry=signals.entry[start:stop],
        exit=signals.exit[start:stop],
        score=signals.score[start:stop],
        stop=None if signals.stop is None else signals.stop[start:stop],
        target=None if signals.target is None else signals.target[start:stop],
        age=signals.age[start:stop],
        ready=signals.ready[start:stop],
    )


def last_row(signals: StrategySignals) -> StrategySignals:
    """The signals of the last row."""
    return row_slice(signals, len(signals.sessions) - 1, len(signals.sessions))


def reordered(signals: StrategySignals, order: NDArray[np.int64]) -> StrategySignals:
    """The signals with the columns in another order: column ``i`` is the old column ``order[i]``."""
    return replace(
        signals,
        symbols=tuple(signals.symbols[column] for column in order),
        entry=signals.entry[:, order],
        exit=signals.exit[:, order],
        score=signals.score[:, order],
        stop=None if signals.stop is None else signals.stop[:, order],
        target=None if signals.target is None else signals.target[:, order],
        age=signals.age[:, order],
        ready=signals.ready[:, order],
    )


def rows_to_compare(signals: StrategySignals, first: int, count: int) -> list[int]:
    """Up to ``count`` rows from ``first`` on, ascending. Half of them are rows at and before a change of a signal.

    The choice depends on the signals alone, so that a check always gives the same result.
    """
    rows = np.arange(first, len(signals.sessions))
    if len(rows) <= count:
        return [int(row) for row in rows]
    state = np.concatenate([signals.entry, signals.exit], axis=1)
    changes = np.flatnonzero((state[1:] != state[:-1]).any(axis=1)) + 1
    around = np.unique(np.concatenate([changes - 1, changes]))
    chosen = set(_spread(around[around >= first], count // 2))
    chosen.update(_spread(np.setdiff1d(rows, np.array(sorted(chosen), dtype=rows.dtype)), count - len(chosen)))
    return sorted(chosen)


def _spread(rows: NDArray[np.int64], count: int) -> list[int]:
    """``count`` evenly spread elements of ``rows``, including first and last; all if there are not more."""
    if len(rows) <= count:
        return [int(row) for row in rows]
    return [int(rows[at]) for at in np.linspace(0, len(rows) - 1, count).round().astype(int)]
