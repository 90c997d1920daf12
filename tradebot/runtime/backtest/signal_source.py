"""The signals of strategies over a whole history, as live would have had them in each session."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np

from tradebot.backtest.bars import VOLUME_SESSIONS, Bars
from tradebot.backtest.signals import SignalTable
from tradebot.core.model.account import CorporateAction
from tradebot.core.model.signals import ExitPolicy
from tradebot.market.adjust import back_adjust
from tradebot.plugins.compare_signals import DifferenceText, first_difference, last_row, row_slice, rows_to_compare
from tradebot.plugins.last_signals import policy_of
from tradebot.plugins.load import Plugin
from tradebot.plugins.lookahead_tests import TOLERANCE
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import StrategySignals, map_frames
from tradebot.ports import StrategyInfo
from tradebot.strategy_api import History

#: Progress: what is done, how much of it, and of how much.
Progress = Callable[[object, int, int], None]
#: Sessions in which the signals of a variant are compared with those of live.
SPOTS = 12


def no_progress(what: object, done: int, total: int) -> None:
    """Tell nobody."""


class SignalSource:
    """Asks strategies for the signals of a whole history.

    Those that keep their promises are asked once, over everything. An entry with a stop or a target of its own is asked
    for again over the bars that live would have had at its session: an average that remembers all that came before
    differs in its last digits. The others are asked session by session over such bars.
    """

    def __init__(
        self,
        runner: StrategyRunner,
        unadjusted: History,
        actions: Sequence[CorporateAction],
        progress: Progress = no_progress,
    ) -> None:
        self._runner = runner
        self._progress = progress
        self._unadjusted = unadjusted
        self._actions = tuple(actions)
        self._kept: dict[str, tuple[StrategyInfo, StrategySignals]] = {}  # by strategy

    @cached_property
    def whole(self) -> History:
        """The whole history, adjusted with every action."""
        return back_adjust(self._unadjusted, self._actions, as_of=date.max)

    def tables(
        self, plugins: Sequence[Plugin], in_bulk: Collection[str], bars: Bars, rows: range
    ) -> tuple[SignalTable, ...]:
        """The signals of each strategy on the columns of ``bars``, those of ``rows`` at least.

        in_bulk: the names of the strategies to ask once.

        Raises PluginError.
        """
        return tuple(self.table(plugin, plugins, bars, rows, at_once=plugin.info.name in in_bulk) for plugin in plugins)

    def table(
        self, plugin: Plugin, plugins: Sequence[Plugin], bars: Bars, rows: range, *, at_once: bool
    ) -> SignalTable:
        """The signals of one of ``plugins``, asked for once or session by session. Raises PluginError."""
        asking = self._asking(plugins, bars, rows)
        return asking.table(plugin, self._at_once(plugin)) if at_once else asking.by_session(plugin)

    def difference(self, plugin: Plugin, plugins: Sequence[Plugin], bars: Bars, rows: range) -> str:
        """Where the signals of one of ``plugins`` for all sessions differ from those that live would have; "" if not.

        SPOTS sessions of ``rows`` are compared, half of them at a change of a signal. Raises PluginError.
        """
        return self._asking(plugins, bars, rows).difference(plugin, self._at_once(plugin))

    def _asking(self, plugins: Sequence[Plugin], bars: Bars, rows: range) -> _Asking:
        longest = max((plugin.info.warmup + 1 for plugin in plugins), default=0)
        live = _LiveBars(self._unadjusted, self._actions, longest)
        return _Asking(self._runner, bars, rows, live, self._progress)

    def _at_once(self, plugin: Plugin) -> StrategySignals:
        """The signals over the whole history; those that were asked last are kept."""
        kept = self._kept.get(plugin.info.name)
        if kept is None or kept[0] != plugin.info:
            kept = self._kept[plugin.info.name] = plugin.info, self._runner.signals(plugin, self.whole)
        return kept[1]


class _LiveBars:
    """The bars that live has in a session: those since the longest warm-up, adjusted by what is known by then."""

    def __init__(self, unadjusted: History, actions: Sequence[CorporateAction], longest: int) -> None:
        self._unadjusted = unadjusted
        self._actions = actions
        self._window = max(longest, VOLUME_SESSIONS)

    def before(self, end: int) -> History:
        """The bars before row ``end``, as live has them in the session of that row."""
        sessions = self._unadjusted.close.index
        rows = slice(max(0, end - self._window), end)
        history = map_frames(self._unadjusted, lambda frame: frame.iloc[rows])
        day = sessions[end].date() if end < len(sessions) else date.max
        return back_adjust(history, self._actions, as_of=day)


class _Asking:
    """The questions to the strategies of one backtest."""

    def __init__(self, runner: StrategyRunner, bars: Bars, rows: range, live: _LiveBars, progress: Progress) -> None:
        self._runner = runner
        self._bars = bars
        self._rows = rows
        self._live = live
        self._progress = progress

    def by_session(self, plugin: Plugin) -> SignalTable:
        """Ask for each session, as live."""
        columns = [self._bars.columns[symbol] for symbol in plugin.info.symbols]
        shape = (len(self._bars.sessions), len(self._bars.symbols))
        entry, leave, score = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape)
        policies: dict[tuple[int, int], ExitPolicy] = {}
        seen: StrategySignals | None = None
        for row, seen in self._as_live(plugin, self._rows, "signals"):
            entry[row, columns], leave[row, columns] = seen.entry[-1], seen.exit[-1]
            score[row, columns] = seen.score[-1]
            for column in np.flatnonzero(seen.entry[-1]).tolist():
                policies[row, columns[column]] = policy_of(seen, -1, column)
        return SignalTable(
            strategy=plugin.info.name,
            fingerprint=plugin.info.fingerprint,
            warmup=plugin.info.warmup,
            entry=entry,
            exit=leave,
            score=score,
            policy=seen.exits if seen is not None else ExitPolicy(),
            risk_pct=None if seen is None or seen.risk_pct is None else Decimal(str(seen.risk_pct)),
            policies=policies,
        )

    def table(self, plugin: Plugin, signals: StrategySignals) -> SignalTable:
        """The table of signals over the whole history."""
        columns = np.array([self._bars.columns[symbol] for symbol in signals.symbols], dtype=np.intp)
        shape = (len(self._bars.sessions), len(self._bars.symbols))
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

    def difference(self, plugin: Plugin, signals: StrategySignals) -> str:
        """Where the signals over the whole history differ from those of live in some sessions; "" if not."""
        spots = [row for row in rows_to_compare(signals, self._rows.start, SPOTS) if row in self._rows]
        for row, seen in self._as_live(plugin, spots, "spot checks"):
            wording = DifferenceText("over the whole history", "over the bars that live has then")
            if fault := first_difference(row_slice(signals, row, row + 1), last_row(seen), wording, TOLERANCE):
                return fault
        return ""

    def _policies(
        self, plugin: Plugin, signals: StrategySignals, columns: Sequence[int]
    ) -> dict[tuple[int, int], ExitPolicy] | None:
        """The policies of single entries, by row and column of the bars."""
        if signals.stop is None and signals.target is None:
            return None
        found: dict[tuple[int, int], ExitPolicy] = {}
        entering = [row for row in np.flatnonzero(signals.entry.any(axis=1)).tolist() if row in self._rows]
        for row, seen in self._as_live(plugin, entering, "stops"):
            for column in np.flatnonzero(signals.entry[row]).tolist():
                found[row, columns[column]] = policy_of(seen, -1, column)
        return found

    def _as_live(self, plugin: Plugin, rows: Sequence[int], what: str) -> Iterator[tuple[int, StrategySignals]]:
        """The signals of each row, over the bars that live has on the session after it."""
        histories = (self._live.before(row + 1) for row in rows)
        answers = self._runner.signals_over(plugin, histories, last_only=True)
        for done, (row, seen) in enumerate(zip(rows, answers, strict=True), start=1):
            self._progress(f"{what} of {plugin.info.name}", done, len(rows))
            yield row, seen
