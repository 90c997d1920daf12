"""Computation of signals in the strategy process, with a fresh process after each failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tradebot.home.paths import to_text
from tradebot.plugins.errors import PluginError, PluginTimeout, ProcessUnavailable
from tradebot.plugins.load import Plugin
from tradebot.plugins.process.strategy_process import ProcessOptions, StrategyProcess

if TYPE_CHECKING:
    from tradebot.plugins.raw_signals import RawSignals
    from tradebot.plugins.signal_validation import StrategySignals
    from tradebot.strategy_api import History

TIMEOUT_SECONDS = 30.0  # for one computation of the signals of one strategy


class StrategyRunner:
    """Asks strategies for signals. What was started serves all of them until one fails; the next has a fresh start.

    A strategy that fails where others were served is asked once more in a fresh process: another strategy may have
    spoilt what they share, or killed its process.
    """

    def __init__(
        self,
        options: ProcessOptions,
        check_stop: Callable[[], None],
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """Start nothing yet. ``check_stop`` raises if the command was asked to stop; it is called while waiting."""
        self._options = options
        self._timeout_seconds = timeout_seconds
        self._check_stop = check_stop
        self._process: StrategyProcess | None = None
        self._served: set[str] = set()  # strategies that the process has served
        self._at_fault: set[str] = set()  # strategies that failed in a process of their own
        self._unavailable = ""  # why no process could be started

    def prepare(self) -> None:
        """Start the process, without waiting until it is ready."""
        if self._process is None and not self._unavailable:
            self._served.clear()
            try:
                self._process = StrategyProcess(self._options, self._check_stop)
            except ProcessUnavailable as error:
                self._unavailable = str(error)

    def signals(
        self, plugin: Plugin, history: History, *, reload: bool = False, last_only: bool = False
    ) -> StrategySignals:
        """The validated signals of a strategy.

        history: of any symbols, with one session at least; the strategy gets a copy of its own.
        reload: import its module anew.
        last_only: give the last session alone, which is all that a job needs.

        Raises PluginError if the strategy failed, PluginTimeout if it was too slow, ProcessUnavailable if there is no
        process, and what ``check_stop`` raises.
        """
        from tradebot.plugins.signal_validation import select_symbols, validate  # imports pandas, as a history has

        name = plugin.info.name
        own = select_symbols(history, plugin.info.symbols)
        while True:
            self.prepare()
            others = self._served - {name}
            self._served.add(name)
            try:
                raw = self._compute(plugin, own, reload=reload, last_only=last_only)
                return validate(raw, own, plugin.info.warmup, last_only=last_only)
            except PluginError as error:
                self.close()
                if isinstance(error, ProcessUnavailable):
                    self._unavailable = str(error)
                    raise
                if isinstance(error, PluginTimeout) or not others or name in self._at_fault:
                    self._at_fault.add(name)
                    raise

    def close(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _compute(self, plugin: Plugin, history: History, *, reload: bool, last_only: bool) -> RawSignals:
        from tradebot.plugins.process.messages import Request

        if self._process is None:
            raise ProcessUnavailable(self._unavailable)
        request = Request(
            name=plugin.info.name,
            folder=to_text(plugin.folder),
            params=plugin.info.params,
            reload=reload,
            last_only=last_only,
            timeout_seconds=self._timeout_seconds,
            history=history,
        )
        return self._process.compute(request)
