"""Computation of signals in the strategy process, with a fresh process after each failure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradebot.home.paths import to_text
from tradebot.plugins.errors import PluginError, PluginStuck, PluginTimeout, ProcessUnavailable
from tradebot.plugins.load import Plugin
from tradebot.plugins.process.strategy_process import SIMULTANEOUS, ProcessOptions, StrategyProcess

if TYPE_CHECKING:
    from tradebot.plugins.process.messages import Request
    from tradebot.plugins.raw_signals import RawSignals
    from tradebot.plugins.signal_validation import StrategySignals
    from tradebot.strategy_api import History

TIMEOUT_SECONDS = 30.0  # for one computation of the signals of one strategy
#: Requests that one strategy has at most: it computes one while the answer before is looked at and the next is sent.
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class _Question:
    """What a strategy is asked for."""

    plugin: Plugin
    history: History
    reload: bool
    last_only: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request for the signals of a strategy."""

    question: _Question
    request: Request
    failure: ProcessUnavailable | None  # why it could not be sent


class StrategyRunner:
    """Asks strategies for signals. What was started serves all of them until one fails; the next has a fresh start.

    A strategy that fails where others were asked is asked once more in a fresh process, before any other: another
    strategy may have spoilt what they share, or killed its process.
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
        self._asked: set[str] = set()  # strategies that the process was asked for
        self._open: deque[_Asked] = deque()  # without an answer
        self._at_fault: set[str] = set()  # strategies that failed in a process of their own
        self._unavailable = ""  # why no process could be started

    def prepare(self) -> None:
        """Start the process, without waiting until it is ready."""
        if self._process is None and not self._unavailable:
            self._asked.clear()
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
        (result,) = self.signals_over(plugin, [history], reload=reload, last_only=last_only)
        return result

    def signals_over(
        self, plugin: Plugin, histories: Iterable[History], *, reload: bool = False, last_only: bool = False
    ) -> Iterator[StrategySignals]:
        """What ``signals`` gives for each history, in this order, and raises for the first that fails.

        The next ones are asked while an answer is looked at. reload: import its module anew before the first.
        """
        questions = (
            _Question(plugin, history, reload and number == 0, last_only) for number, history in enumerate(histories)
        )
        for result in self._answers(questions, _AHEAD):
            if isinstance(result, PluginError):
                raise result
            yield result

    def signals_of_each(
        self, plugins: Sequence[Plugin], history: History, *, reload: bool = False, last_only: bool = False
    ) -> Iterator[StrategySignals | PluginError]:
        """What ``signals`` gives or raises for each, in this order. As many compute at once as there are processors."""
        return self._answers((_Question(plugin, history, reload, last_only) for plugin in plugins), SIMULTANEOUS)

    def _answers(self, questions: Iterator[_Question], most: int) -> Iterator[StrategySignals | PluginError]:
        """The signals for each question, or why there are none. ``most`` are asked at once."""
        self._drop_answers()
        again: deque[_Question] = deque()  # before all others
        asked = self._open
        at_once = most

        def ask() -> None:
            while len(asked) < at_once and (question := again.popleft() if again else next(questions, None)):
                asked.append(self._ask(question))

        while True:
            ask()
            if not asked:
                return
            first = asked.popleft()
            name = first.question.plugin.info.name
            answer = self._answer(first)
            others = self._asked - {name}
            if not isinstance(answer, PluginError):
                ask()  # they compute while this answer is looked at
            result = self._validated(first, answer)
            at_once = most
            if isinstance(result, PluginError):
                again.extendleft(each.question for each in reversed(asked))
                self.close()
                if self._may_be_anothers_fault(name, result, others):
                    again.appendleft(first.question)
                    at_once = 1  # nothing runs beside it
                    continue
            yield result

    def _drop_answers(self) -> None:
        """Take what was asked by one who wanted no further answer, so that none is taken for that of a new question."""
        while self._open:
            if isinstance(self._answer(self._open.popleft()), PluginError):
                self.close()

    def _ask(self, question: _Question) -> _Asked:
        """Send a request, if there is a process."""
        from tradebot.plugins.process.messages import Request  # imports pandas, as a history has
        from tradebot.plugins.signal_validation import select_symbols

        plugin = question.plugin
        request = Request(
            name=plugin.info.name,
            folder=to_text(plugin.folder),
            params=plugin.info.params,
            reload=question.reload,
            last_only=question.last_only,
            timeout_seconds=self._timeout_seconds,
            history=select_symbols(question.history, plugin.info.symbols),
        )
        failure = None
        process = self._ready_process()
        if process is not None:
            self._asked.add(request.name)
            try:
                process.ask(request)
            except ProcessUnavailable as error:
                failure = error
        return _Asked(question, request, failure)

    def _ready_process(self) -> StrategyProcess | None:
        """The process, once it is ready; None if there can be none."""
        self.prepare()
        if self._process is not None:
            try:
                self._process.wait_until_ready()
            except ProcessUnavailable as error:
                self.close()
                self._unavailable = str(error)
        return self._process

    def _answer(self, asked: _Asked) -> RawSignals | PluginError:
        """The answer to the oldest request, or why there is none."""
        if self._process is None:
            return ProcessUnavailable(self._unavailable)
        if asked.failure is not None:
            return asked.failure
        try:
            return self._process.answer()
        except PluginError as error:
            return error

    def _validated(self, asked: _Asked, answer: RawSignals | PluginError) -> StrategySignals | PluginError:
        from tradebot.plugins.signal_validation import validate

        if isinstance(answer, PluginError):
            return answer
        request = asked.request
        try:
            return validate(answer, request.history, asked.question.plugin.info.warmup, last_only=request.last_only)
        except PluginError as error:
            return error

    def _may_be_anothers_fault(self, name: str, error: PluginError, others: set[str]) -> bool:
        """Whether to ask a strategy that failed once more. ``others`` were asked in the same process before."""
        is_own_alarm = isinstance(error, PluginTimeout) and not isinstance(error, PluginStuck)
        if others and name not in self._at_fault and not is_own_alarm:
            return True
        self._at_fault.add(name)
        return False

    def close(self) -> None:
        """Kill the process."""
        self._open.clear()
        if self._process is not None:
            self._process.end()
            self._process = None
