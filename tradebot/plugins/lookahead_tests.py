"""The probes of ``strategies check``: each changes an input that the signals must not depend on, and compares them.

A probe gets the signals of the unchanged history. It returns a fault, "" if there is none, and the evidence that it
looked. It raises PluginError if the strategy fails on the changed input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.plugins.compare_signals import (
    DifferenceText,
    first_difference,
    last_row,
    reordered,
    row_slice,
    rows_to_compare,
)
from tradebot.plugins.load import Plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import StrategySignals, map_frames
from tradebot.strategy_api import History

#: The history is cut at this many sessions at least, and at more up to so many values of a frame in all.
MIN_LOOKAHEAD_CUTS = 60
MAX_LOOKAHEAD_CELLS = 2_000_000
WARMUP_CUTS = 120

#: Powers of 2, so that products are exact: from about 1/1000 to 1000 times the price.
PRICE_FACTORS = tuple(2.0**power for step in (1, 2, 3, 4, 6, 8, 10) for power in (step, -step) if power != -1)

#: Allowed change of scores and exit fractions, relative to their size, by a change of price level or history length.
TOLERANCE = 1e-4


class CheckSubject:
    """A strategy and the history that it is checked over."""

    def __init__(self, plugin: Plugin, history: History, runner: StrategyRunner) -> None:
        self.plugin = plugin
        self.history = history
        self._runner = runner
        self._reload = False

    def reload(self) -> None:
        """Import the module anew before the next computation."""
        self._reload = True

    def signals(self, history: History, symbols: tuple[str, ...] = ()) -> StrategySignals:
        """The signals over ``history``; ``symbols`` replace the manifest's, unless empty. Raises PluginError."""
        plugin = replace(self.plugin, info=replace(self.plugin.info, symbols=symbols)) if symbols else self.plugin
        reload, self._reload = self._reload, False
        return self._runner.signals(plugin, history, reload=reload)

    def signals_over(self, histories: Iterable[History]) -> Iterator[StrategySignals]:
        """The signals over each of ``histories``, asked in this order. Raises PluginError."""
        reload, self._reload = self._reload, False
        return self._runner.signals_over(self.plugin, histories, reload=reload)


def check_repeatability(subject: CheckSubject, signals: StrategySignals) -> tuple[str, str]:
    """The signals are the same when computed again, with the same module and with a new import."""
    repeated = subject.signals(subject.history)
    subject.reload()
    reloaded = subject.signals(subject.history)
    fault = first_difference(signals, repeated, DifferenceText("the first time", "the second time"))
    fault = fault or first_difference(signals, reloaded, DifferenceText("the first time", "imported anew"))
    return fault, "three runs agree, one of them imported anew"


def check_lookahead(subject: CheckSubject, signals: StrategySignals) -> tuple[str, str]:
    """The signals of a session are the same when the history ends with it."""
    cells = signals.entry.size
    rows = rows_to_compare(signals, _first_ready(signals), max(MIN_LOOKAHEAD_CUTS, MAX_LOOKAHEAD_CELLS // cells))
    # Ascending, after a new import: state that a module keeps of a longer history cannot hide a look-ahead.
    subject.reload()
    cuts = subject.signals_over(_between(subject.history, 0, row + 1) for row in rows)
    for row, cut in zip(rows, cuts, strict=True):
        wording = DifferenceText(
            "with the later sessions present", f"when the history ends on {signals.sessions[row]:%Y-%m-%d}"
        )
        if fault := first_difference(row_slice(signals, 0, row + 1), cut, wording):
            return fault, ""
    return "", f"the same with the history cut off after each of {len(rows):,} sessions"


def check_price_level(subject: CheckSubject, signals: StrategySignals) -> tuple[str, str]:
    """The signals are the same with prices multiplied by a factor, as a later split multiplies them.

    The factors reach so far that prices pass any amount in dollars that a rule may name.
    """
    columns = len(signals.symbols)
    every_other = np.where(np.arange(columns) % 2 == 0, 0.5, 1.0)
    cases = [
        *((f"x {factor}", np.full(columns, factor)) for factor in (0.5, 0.7)),
        ("x 0.5 for every other symbol", every_other),
        ("/ 7", np.full(columns, 1 / 7)),
        *((f"x {factor:g}", np.full(columns, factor)) for factor in PRICE_FACTORS),
    ]
    answers = subject.signals_over(_rescaled(subject.history, factors) for _, factors in cases)
    for (what, _), scaled in zip(cases, answers, strict=True):
        if fault := first_difference(signals, scaled, DifferenceText("as it is", f"with prices {what}"), TOLERANCE):
            return f"{fault}; the rule depends on the price level, and a split changes it", ""
    return (
        "",
        f"the same with prices x 0.5 for every other symbol, and for all x 0.7, / 7 and {len(PRICE_FACTORS)} more",
    )


def check_warmup(subject: CheckSubject, signals: StrategySignals) -> tuple[str, str]:
    """The signals of a session are the same with only the sessions of the warm-up before it."""
    warmup = subject.plugin.info.warmup
    rows = rows_to_compare(signals, _first_ready(signals), WARMUP_CUTS)
    newest = subject.signals_over(_between(subject.history, row + 1 - warmup, row + 1) for row in rows)
    for row, short in zip(rows, newest, strict=True):
        wording = DifferenceText("with all that came before", f"with the {warmup} newest sessions alone")
        if fault := first_difference(row_slice(signals, row, row + 1), last_row(short), wording, TOLERANCE):
            return fault, ""
    return "", f"the same from the newest {warmup} sessions alone, after each of {len(rows):,} sessions"


def check_column_order(subject: CheckSubject, signals: StrategySignals) -> tuple[str, str]:
    """The signals are the same with the symbols in reverse order."""
    reverse = subject.signals(subject.history, signals.symbols[::-1])
    reverse = reordered(reverse, np.arange(len(signals.symbols))[::-1])
    fault = first_difference(signals, reverse, DifferenceText("as it is", "with the columns in reverse"), TOLERANCE)
    return fault, "the same with the columns in reverse"


def check_listing_dates(subject: CheckSubject, signals: StrategySignals) -> tuple[str, str]:
    """The strategy accepts symbols that are listed late, delisted early, or never have a price."""
    subject.signals(map_frames(subject.history, _listed_late))
    subject.signals(map_frames(subject.history, _never_listed))
    return "", "an answer also when symbols are listed late, stop trading, or never have a price"


def _first_ready(signals: StrategySignals) -> int:
    return int(signals.ready.any(axis=1).argmax())


def _between(history: History, start: int, stop: int) -> History:
    return map_frames(history, lambda frame: frame.iloc[start:stop])


def _rescaled(history: History, factors: NDArray[np.float64]) -> History:
    """Multiply the prices of each symbol by its factor and divide its volumes by it, as a split does."""
    prices = map_frames(history, lambda frame: frame * factors)
    return replace(prices, volume=history.volume.div(factors))


def _listed_late(frame: pd.DataFrame) -> pd.DataFrame:
    """Symbols are listed one after the other over the first half; the first one is delisted before the last quarter."""
    rows, columns = frame.shape
    listed_at = np.arange(columns) * (rows // 2) // max(columns - 1, 1)
    trading = np.arange(rows)[:, None] >= listed_at
    trading[rows - rows // 4 :, 0] = False
    return frame.where(trading)


def _never_listed(frame: pd.DataFrame) -> pd.DataFrame:
    """The first symbol has no price."""
    trading = np.ones(frame.shape, dtype=np.bool_)
    trading[:, 0] = False
    return frame.where(trading)


#: Name, function and remedy of every probe.
PROBES: tuple[tuple[str, Callable[[CheckSubject, StrategySignals], tuple[str, str]], str], ...] = (
    ("repeatable", check_repeatability, "Use no randomness, no clock and nothing remembered from an earlier call."),
    (
        "look-ahead",
        check_lookahead,
        "Compute each session from itself and earlier ones: no negative shift, no centred window, no mean, maximum or "
        "rank over the whole history.",
    ),
    (
        "price level",
        check_price_level,
        "A split or dividend rescales a symbol's past. Compare ratios of prices, not dollars, and round them before a "
        "comparison that can be a tie.",
    ),
    (
        "warm-up",
        check_warmup,
        "Raise warmup in the manifest, or let nothing depend on how long the history is; round what can be a tie.",
    ),
    ("column order", check_column_order, "Address symbols by name, and break ties by name."),
    ("listing dates", check_listing_dates, "Let NaN through: before its listing a symbol has no prices."),
)
