"""The configured strategies, as the jobs use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.signals import Signal
from tradebot.errors import ConfigError
from tradebot.plugins.discovery import find
from tradebot.plugins.isolation import PluginBroken, PluginSilent, ask
from tradebot.plugins.load import Plugin, load, read_plugin
from tradebot.ports import StrategyFailure, StrategyInfo
from tradebot.strategy_api import ParamValue, Strategy

if TYPE_CHECKING:
    from tradebot.strategy_api import History

TIMEOUT_SECONDS = 30.0


def load_book(
    names: Iterable[str],
    directories: Sequence[Path],
    symbols: Sequence[str] = (),
    params: Mapping[str, Mapping[str, ParamValue]] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> StrategyBook:
    """The strategies of these names, from the user's ``directories`` first; only their manifests are read now.

    ``symbols``, when there are any, stand instead of those of every manifest; ``params`` are values by strategy and
    parameter. A strategy with an unsound manifest or a bad value is among the book's failures. Raises ConfigError when
    there is no strategy of a name.
    """
    plugins = []
    failures = []
    for found in find(names, directories):
        try:
            plugins.append(read_plugin(found, symbols, (params or {}).get(found.name)))
        except ConfigError as error:
            failures.append(StrategyFailure(found.name, str(error)))
    return StrategyBook(tuple(plugins), tuple(failures), timeout_seconds)


class StrategyBook:
    """Implements ``tradebot.ports.StrategyBook``; a strategy is imported when its signals are first asked for."""

    def __init__(
        self, plugins: tuple[Plugin, ...], failures: tuple[StrategyFailure, ...], timeout_seconds: float
    ) -> None:
        self._plugins = plugins
        self._failures = failures
        self._timeout_seconds = timeout_seconds
        self._classes: dict[str, Callable[[], Strategy]] = {}
        self._silent: dict[str, str] = {}
        self._answered: tuple[History, tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]] | None = None

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]:
        return tuple(plugin.info for plugin in self._plugins)

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        return self._failures

    @property
    def warmup(self) -> int:
        """Completed sessions of history to fetch: the longest warm-up, and one more; 0 without strategies."""
        return max((info.warmup + 1 for info in self.loaded), default=0)

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """Each strategy's signals after the last row of ``history``, and the strategies that failed at it.

        A strategy that did not answer in time is not asked again, and none is asked about a history without a session.
        The same history is the same question: jobs that share a process and a session (a replay's) get the answer that
        was given.
        """
        if self._answered is None or self._answered[0] is not history:
            self._answered = (history, self._ask_all(history))
        return self._answered[1]

    def _ask_all(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        said: list[Signal] = []
        failed: list[StrategyFailure] = []
        for plugin in self._plugins:
            name = plugin.info.name
            try:
                said.extend(self._signals_of(plugin, history))
            except PluginBroken as broken:
                if isinstance(broken, PluginSilent):
                    self._silent[name] = str(broken)
                failed.append(StrategyFailure(name, str(broken)))
        return tuple(said), tuple(failed)

    def _signals_of(self, plugin: Plugin, history: History) -> tuple[Signal, ...]:
        info = plugin.info
        if info.name in self._silent:
            raise PluginBroken(f"not asked again: {self._silent[info.name]}")
        if history.close.empty:
            return ()
        return ask(lambda: self._compute(plugin, history), info.name, plugin.folder, self._timeout_seconds)

    def _compute(self, plugin: Plugin, history: History) -> tuple[Signal, ...]:
        from tradebot.plugins.last_signals import last_signals
        from tradebot.plugins.signal_validation import (
            validated_signals,  # imports pandas, which whoever has a history has paid for
        )

        info = plugin.info
        if info.name not in self._classes:
            self._classes[info.name] = load(plugin)
        return last_signals(info, validated_signals(self._classes[info.name](), info, history))
