"""Computation of signals in the strategy process, with a fresh process after each failure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradebot.home.paths import to_text
from tradebot.plugins.errors import PluginError, PluginTimeout, ProcessUnavailable
from tradebot.plugins.load import Plugin
from tradebot.plugins.process.strategy_process import ProcessOptions, StrategyProcess

if TYPE_CHECKING:
    from tradebot.plugins.process.messages import Request
    from tradebot.plugins.signal_validation import StrategySignals
    from tradebot.strategy_api import History

TIMEOUT_SECONDS = 30.0  # for one computation of the signals of one strategy


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and the sessions that the strategy needs before its signals count."""

    request: Request
    warmup: int


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

        history: of any symbols, with one session at least.
        reload: import its module anew.
        last_only: give the last session alone, which is all that a job needs.

        Raises PluginError if the strategy failed, PluginTimeout if it was too slow, ProcessUnavailable if there is no
        process, and what ``check_stop`` raises.
        """
        (result,) = self.signals_of_each([plugin], history, reload=reload, last_only=last_only)
        if isinstance(result, PluginError):
            raise result
        return result

    def signals_of_each(
        self, plugins: Sequence[Plugin], history: History, *, reload: bool = False, last_only: bool = False
    ) -> Iterator[StrategySignals | PluginError]:
        """What ``signals`` gives or raises for each, in this order. All are sent before the first answer is awaited."""
        waiting = deque(plugins)
        while waiting:
            asked = deque(self._ask(plugin, history, reload=reload, last_only=last_only) for plugin in waiting)
            while asked:
                result = self._result(asked.popleft())
                if result is not None:
                    yield result
                    waiting.popleft()
                if self._process is None:
                    break  # the rest is sent to a fresh one

    def _ask(self, plugin: Plugin, history: History, *, reload: bool, last_only: bool) -> _Asked:
        """Send a request, if there is a process."""
        from tradebot.plugins.process.messages import Request  # imports pandas, as a history has
        from tradebot.plugins.signal_validation import select_symbols

        request = Request(
            name=plugin.info.name,
            folder=to_text(plugin.folder),
            params=plugin.info.params,
            reload=reload,
            last_only=last_only,
            timeout_seconds=self._timeout_seconds,
            history=select_symbols(history, plugin.info.symbols),
        )
        self.prepare()
        if self._process is not None:
            try:
                self._process.ask(request)
            except ProcessUnavailable as error:
                self.close()
                self._unavailable = str(error)
        return _Asked(request, plugin.info.warmup)

    def _result(self, asked: _Asked) -> StrategySignals | PluginError | None:
        """The answer to the oldest request, or why there is none; None if it is to be asked once more."""
        from tradebot.plugins.signal_validation import validate

        if self._process is None:
            return ProcessUnavailable(self._unavailable)
        name = asked.request.name
        others = self._served - {name}
        self._served.add(name)
        try:
            raw = self._process.answer()
            return validate(raw, asked.request.history, asked.warmup, last_only=asked.request.last_only)
        except PluginError as error:
            self.close()
            if others and name not in self._at_fault and not isinstance(error, PluginTimeout):
                return None
            self._at_fault.add(name)
            return error

    def close(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.end()
            self._process = None
