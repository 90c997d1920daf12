"""Older bars joined to newer ones, on the split basis of the newer.

Robinhood gives bars on the split basis of the day on which they are asked for, and does not say so. What the same
sessions show in an older table and in a newer one tells the factor between them, whatever made it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradebot.market.bar_table import Bars, Numbers

#: Sessions that both tables have, and that tell the factor: the oldest of them.
COMPARED = 20
#: With fewer sessions in common nothing is joined.
LEAST_COMPARED = 5
#: How far a close may be from the factor's: closes of two sources differ a little, and so do rounded ones.
TOLERANCE = 0.01
#: The least change of the basis that is told. What is less is a dividend or another source.
REBASED = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class JoinedBars:
    """The bars of both tables. Where both have a symbol's bar, and from the newer's first bar on, it is the newer's."""

    bars: Bars
    rebased: frozenset[str]  # whose older bars were on another split basis
    dropped: frozenset[str]  # whose older bars do not fit to the newer ones, and are left out


def join(older: Bars, newer: Bars) -> JoinedBars:
    """Join the older bars to the newer ones. Symbols of the older table alone keep their bars as they are."""
    symbols = (*newer.symbols, *(symbol for symbol in older.symbols if symbol not in set(newer.symbols)))
    sessions = tuple(sorted({*older.sessions, *newer.sessions}))
    before, after = _spread(older, symbols, sessions), _spread(newer, symbols, sessions)
    rebased, dropped = set[str](), set[str]()
    for column, symbol in enumerate(symbols):
        old, new = before[:, :, column], after[:, :, column]
        begins = _first_bar(new)
        if begins is None:
            after[:, :, column] = old
            continue
        kept = ~np.isnan(old[3])
        kept[begins:] = False
        if not kept.any():
            continue
        factor = _factor(old[3], new[3])
        if factor is None:
            dropped.add(symbol)
            continue
        new[:4, kept] = old[:4, kept] * factor
        new[4, kept] = old[4, kept] / factor
        if abs(factor - 1) > REBASED:
            rebased.add(symbol)
    return JoinedBars(Bars(symbols, sessions, after), frozenset(rebased), frozenset(dropped))


def _spread(bars: Bars, symbols: tuple[str, ...], sessions: tuple[object, ...]) -> Numbers:
    """The values of a table in the rows and columns of a larger one."""
    values = np.full((bars.values.shape[0], len(sessions), len(symbols)), np.nan)
    row_of = {session: row for row, session in enumerate(sessions)}
    column_of = {symbol: column for column, symbol in enumerate(symbols)}
    rows = [row_of[session] for session in bars.sessions]
    columns = [column_of[symbol] for symbol in bars.symbols]
    values[:, np.array(rows, dtype=int)[:, None], np.array(columns, dtype=int)] = bars.values
    return values


def _first_bar(values: Numbers) -> int | None:
    """The row of the first bar of one symbol; None without a bar."""
    rows = np.flatnonzero(~np.isnan(values[3]))
    return int(rows[0]) if len(rows) else None


def _factor(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> float | None:
    """What the older closes are multiplied by; None where the common sessions show no one factor."""
    common = np.flatnonzero(~np.isnan(old) & ~np.isnan(new))[:COMPARED]
    if len(common) < LEAST_COMPARED:
        return None
    ratios = new[common] / old[common]
    factor = float(np.median(ratios))
    return factor if bool((np.abs(ratios / factor - 1) <= TOLERANCE).all()) else None
