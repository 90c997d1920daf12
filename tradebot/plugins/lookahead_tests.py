"""The probes of ``strategies check``: each changes what a strategy must not depend on, and looks for a difference.

A probe gives the fault it found (empty when there is none) and the evidence of having looked. It raises PluginBroken
when the strategy fails at what it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.plugins.compare_signals import (
    DifferenceText,
    first_difference,
    last_row_of,
    rows_of,
    telling_rows,
    with_columns,
)
from tradebot.plugins.isolation import ask
from tradebot.plugins.load import Plugin, load
from tradebot.plugins.signal_validation import StrategySignals, each_frame, validated_signals
from tradebot.ports import StrategyInfo
from tradebot.strategy_api import History, Strategy

# The history is cut at this many sessions at least, and at more while that stays quick.
FEWEST_CUTS = 60
CELLS_WORTH_WAITING_FOR = 2_000_000
WARMUP_CUTS = 120

# How far scores and exit fractions may move, relative to their size, with the price level and the warm-up.
TOLERANCE = 1e-4


class CheckSubject:
    """One strategy over one history, asked again and again."""

    def __init__(self, plugin: Plugin, history: History, timeout_seconds: float) -> None:
        self.plugin = plugin
        self.history = history
        self._timeout_seconds = timeout_seconds
        self._made: Callable[[], Strategy] | None = None

    def forget(self) -> None:
        """Import the strategy anew before it is asked again."""
        self._made = None

    def answer(self, history: History, symbols: tuple[str, ...] = ()) -> StrategySignals:
        """Its answer to ``history``, with its symbols in the order of ``symbols`` if that is given."""
        info = replace(self.plugin.info, symbols=symbols) if symbols else self.plugin.info
        return ask(lambda: self._compute(info, history), info.name, self.plugin.folder, self._timeout_seconds)

    def _compute(self, info: StrategyInfo, history: History) -> StrategySignals:
        if self._made is None:
            self._made = load(self.plugin)
        return validated_signals(self._made(), info, history)


def repeatable(bench: CheckSubject, full: StrategySignals) -> tuple[str, str]:
    again = bench.answer(bench.history)
    bench.forget()
    anew = bench.answer(bench.history)
    fault = first_difference(full, again, DifferenceText("the first time", "the second time"))
    fault = fault or first_difference(full, anew, DifferenceText("the first time", "imported anew"))
    return fault, "three runs agree, one of them imported anew"


def look_ahead(bench: CheckSubject, full: StrategySignals) -> tuple[str, str]:
    cells = full.entry.size
    rows = telling_rows(full, _first_ready(full), max(FEWEST_CUTS, CELLS_WORTH_WAITING_FOR // cells))
    # Ascending and on a fresh import, so that nothing the module remembers of a longer history can leak into a shorter.
    bench.forget()
    for row in rows:
        cut = bench.answer(_between(bench.history, 0, row + 1))
        wording = DifferenceText(
            "with the later sessions present", f"when the history ends on {full.sessions[row]:%Y-%m-%d}"
        )
        if fault := first_difference(rows_of(full, 0, row + 1), cut, wording):
            return fault, ""
    return "", f"the same with the history cut off after each of {len(rows):,} sessions"


def price_level(bench: CheckSubject, full: StrategySignals) -> tuple[str, str]:
    columns = len(full.symbols)
    every_other = np.where(np.arange(columns) % 2 == 0, 0.5, 1.0)
    for what, factors in (
        ("x 0.5", np.full(columns, 0.5)),
        ("x 0.7", np.full(columns, 0.7)),
        ("x 0.5 for every other symbol", every_other),
    ):
        scaled = bench.answer(_rescaled(bench.history, factors))
        if fault := first_difference(full, scaled, DifferenceText("as it is", f"with prices {what}"), TOLERANCE):
            return fault, ""
    return "", "the same with prices x 0.5, x 0.7, and x 0.5 for every other symbol"


def short_history(bench: CheckSubject, full: StrategySignals) -> tuple[str, str]:
    warmup = bench.plugin.info.warmup
    rows = telling_rows(full, _first_ready(full), WARMUP_CUTS)
    for row in rows:
        short = bench.answer(_between(bench.history, row + 1 - warmup, row + 1))
        wording = DifferenceText("with all that came before", f"with the {warmup} newest sessions alone")
        if fault := first_difference(rows_of(full, row, row + 1), last_row_of(short), wording, TOLERANCE):
            return fault, ""
    return "", f"the same from the newest {warmup} sessions alone, after each of {len(rows):,} sessions"


def column_order(bench: CheckSubject, full: StrategySignals) -> tuple[str, str]:
    turned = bench.answer(bench.history, full.symbols[::-1])
    turned = with_columns(turned, np.arange(len(full.symbols))[::-1])
    fault = first_difference(full, turned, DifferenceText("as it is", "with the columns in reverse"), TOLERANCE)
    return fault, "the same with the columns in reverse"


def listing_dates(bench: CheckSubject, full: StrategySignals) -> tuple[str, str]:
    bench.answer(each_frame(bench.history, _listed_late))
    bench.answer(each_frame(bench.history, _never_listed))
    return "", "an answer also when symbols are listed late, stop trading, or never have a price"


def _first_ready(full: StrategySignals) -> int:
    return int(full.ready.any(axis=1).argmax())


def _between(history: History, start: int, stop: int) -> History:
    return each_frame(history, lambda frame: frame.iloc[start:stop])


def _rescaled(history: History, factors: NDArray[np.float64]) -> History:
    """Prices times ``factors``, one a symbol, and volumes divided by them, as a split does it."""
    prices = each_frame(history, lambda frame: frame * factors)
    return replace(prices, volume=history.volume.div(factors))


def _listed_late(frame: pd.DataFrame) -> pd.DataFrame:
    """Each symbol listed after the one before it, over the first half; the first trades no more in the last quarter."""
    rows, columns = frame.shape
    listed_at = np.arange(columns) * (rows // 2) // max(columns - 1, 1)
    trading = np.arange(rows)[:, None] >= listed_at
    trading[rows - rows // 4 :, 0] = False
    return frame.where(trading)


def _never_listed(frame: pd.DataFrame) -> pd.DataFrame:
    """The first symbol without any price."""
    trading = np.ones(frame.shape, dtype=np.bool_)
    trading[:, 0] = False
    return frame.where(trading)


#: Every probe by name, and what to do about the fault it finds.
PROBES: tuple[tuple[str, Callable[[CheckSubject, StrategySignals], tuple[str, str]], str], ...] = (
    ("repeatable", repeatable, "Use no randomness, no clock and nothing remembered from an earlier call."),
    (
        "look-ahead",
        look_ahead,
        "Compute each session from itself and earlier ones: no negative shift, no centred window, no mean, maximum or "
        "rank over the whole history.",
    ),
    (
        "price level",
        price_level,
        "A split or dividend rescales a symbol's past. Compare ratios of prices, not dollars, and round them before a "
        "comparison that can be a tie.",
    ),
    (
        "warm-up",
        short_history,
        "Raise warmup in the manifest, or let nothing depend on how long the history is; round what can be a tie.",
    ),
    ("column order", column_order, "Address symbols by name, and break ties by name."),
    ("listing dates", listing_dates, "Let NaN through: before its listing a symbol has no prices."),
)
