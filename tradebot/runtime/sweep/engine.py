"""Runs variants of one backtest in one process: bars and the strategies' process are kept from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tradebot.backtest.bars import Bars
from tradebot.backtest.run_result import Span, SpanRun, run_result
from tradebot.backtest.signals import SignalBook
from tradebot.backtest.walk import Walk
from tradebot.errors import UsageError
from tradebot.plugins.load import Plugin
from tradebot.runtime.backtest.checks import check_plugins, refuse_lookahead
from tradebot.runtime.backtest.inputs import Inputs, ParamValues, rows_asked
from tradebot.runtime.backtest.signal_source import SignalSource
from tradebot.runtime.strategy_process import limited_runner


class Engine:
    """Computes one variant after the other. ``close`` ends the process of the strategies."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._runner = limited_runner(inputs.memory_mb, inputs.user)
        self._runner.prepare()
        self._source = SignalSource(self._runner, inputs.history, inputs.actions)
        self.bars: Bars = inputs.bars()

    def run(
        self, params: ParamValues, spans: Sequence[Span], *, by_session: bool = False
    ) -> tuple[tuple[SpanRun, ...], tuple[str, ...]]:
        """A run for each span, and the strategies that were asked session by session: all if ``by_session``.

        Raises ConfigError, PluginError, UsageError, and Blocked for a strategy that looks ahead.
        """
        plugins = self._inputs.plugins(params)
        setups = [replace(self._inputs.setup, first=span.first, last=span.last) for span in spans]
        asked = [rows for setup in setups if (rows := rows_asked(self.bars, setup))]
        if len(asked) < len(setups):
            raise UsageError("the prices have no session to trade in a span.")
        rows = range(min(each.start for each in asked), max(each.stop for each in asked))
        slow = tuple(plugin.info.name for plugin in plugins) if by_session else self._by_session(plugins, rows)
        in_bulk = [plugin.info.name for plugin in plugins if plugin.info.name not in slow]
        book = SignalBook(self._source.tables(plugins, in_bulk, self.bars, rows), self.bars.symbols)
        return tuple(_walked(Walk(self.bars, book, setup)) for setup in setups), slow

    def close(self) -> None:
        """End the process of the strategies."""
        self._runner.close()

    def _by_session(self, plugins: Sequence[Plugin], rows: range) -> tuple[str, ...]:
        """The strategies whose signals are not those of live if asked for all sessions at once.

        One of them that fails all checks for look-ahead gets no figures: raises Blocked, unless that is allowed.
        """
        known = self._inputs.by_session
        differing = [
            plugin
            for plugin in plugins
            if plugin.info.name not in known and self._source.difference(plugin, plugins, self.bars, rows)
        ]
        refuse_lookahead(
            check_plugins(differing, self._source.whole, self._runner), allowed=self._inputs.allow_lookahead
        )
        return (*known, *(plugin.info.name for plugin in differing))


def _walked(walk: Walk) -> SpanRun:
    walk.run()
    return run_result(walk)
