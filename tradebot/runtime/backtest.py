"""What a backtest is wired of: prices, strategies in their own process, and the limits of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from tradebot.backtest.bars import VOLUME_SESSIONS, Bars
from tradebot.backtest.signals import SignalTable
from tradebot.core.model.account import CorporateAction
from tradebot.core.model.signals import ExitPolicy
from tradebot.market.adjust import back_adjust
from tradebot.plugins.last_signals import policy_of
from tradebot.plugins.load import Plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import StrategySignals, map_frames
from tradebot.strategy_api import History


class SignalSource:
    """Asks strategies for the signals of a whole history.

    They are asked once, over everything. An entry with a stop or a target of its own is asked for again over the bars
    that live would have had at its session: an average that remembers all that came before differs in its last digits.
    """

    def __init__(
        self, runner: StrategyRunner, plugins: Sequence[Plugin], unadjusted: History, actions: Sequence[CorporateAction]
    ) -> None:
        self._runner = runner
        self._plugins = tuple(plugins)
        self._unadjusted = unadjusted
        self._actions = tuple(actions)
        longest = max((plugin.info.warmup + 1 for plugin in plugins), default=0)
        self._window = max(longest, VOLUME_SESSIONS)

    def tables(self, bars: Bars) -> tuple[SignalTable, ...]:
        """The signals of each strategy on the columns of ``bars``. Raises PluginError."""
        whole = back_adjust(self._unadjusted, self._actions, as_of=date.max)
        return tuple(self._table(plugin, self._runner.signals(plugin, whole), bars) for plugin in self._plugins)

    def _table(self, plugin: Plugin, signals: StrategySignals, bars: Bars) -> SignalTable:
        columns = np.array([bars.columns[symbol] for symbol in signals.symbols], dtype=np.intp)
        shape = (len(bars.sessions), len(bars.symbols))
        entry, leave = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        score = np.zeros(shape)
        entry[:, columns], leave[:, columns], score[:, columns] = signals.entry, signals.exit, signals.score
        return SignalTable(
            strategy=plugin.info.name,
            fingerprint=plugin.info.fingerprint,
            warmup=plugin.info.warmup,
            entry=entry,
            exit=leave,
            score=score,
            policy=signals.exits,
            risk_pct=None if signals.risk_pct is None else Decimal(str(signals.risk_pct)),
            policies=self._policies(plugin, signals, columns.tolist()),
        )

    def _policies(
        self, plugin: Plugin, signals: StrategySignals, columns: Sequence[int]
    ) -> dict[tuple[int, int], ExitPolicy] | None:
        """The policies of single entries, by row and column of the bars."""
        if signals.stop is None and signals.target is None:
            return None
        found: dict[tuple[int, int], ExitPolicy] = {}
        for row in np.flatnonzero(signals.entry.any(axis=1)).tolist():
            seen = self._runner.signals(plugin, self._as_live(row + 1), last_only=True)
            for column in np.flatnonzero(signals.entry[row]).tolist():
                found[row, columns[column]] = policy_of(seen, -1, column)
        return found

    def _as_live(self, end: int) -> History:
        """The bars before row ``end``, as live has them in the session of that row."""
        sessions = self._unadjusted.close.index
        rows = slice(max(0, end - self._window), end)
        history = map_frames(self._unadjusted, lambda frame: frame.iloc[rows])
        day = sessions[end].date() if end < len(sessions) else date.max
        return back_adjust(history, self._actions, as_of=day)
