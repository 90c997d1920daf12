"""The strategies of the settings, as jobs use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.signals import Signal
from tradebot.errors import ConfigError
from tradebot.plugins.discovery import find
from tradebot.plugins.isolation import PluginError, PluginTimeout, run_isolated
from tradebot.plugins.load import Plugin, load_class, read_plugin
from tradebot.ports import StrategyFailure, StrategyInfo
from tradebot.strategy_api import ParamValue, Strategy

if TYPE_CHECKING:
    from tradebot.strategy_api import History

TIMEOUT_SECONDS = 30.0  # for one computation of the signals of one strategy


def load_book(
    names: Iterable[str],
    directories: Sequence[Path],
    symbols: Sequence[str] = (),
    params: Mapping[str, Mapping[str, ParamValue]] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> StrategyBook:
    """Read the manifests of the strategies of these names.

    directories: the user's strategy folders, searched first.
    symbols: replace the symbols of every manifest, unless empty.
    params: values by strategy and parameter name; others have the manifest's defaults.

    A strategy with an invalid manifest or parameter value becomes a failure. Raises ConfigError for an unknown name.
    """
    plugins = []
    failures = []
    for strategy in find(names, directories):
        try:
            plugins.append(read_plugin(strategy, symbols, (params or {}).get(strategy.name)))
        except ConfigError as error:
            failures.append(StrategyFailure(strategy.name, str(error)))
    return StrategyBook(tuple(plugins), tuple(failures), timeout_seconds)


class StrategyBook:
    """Implements ``tradebot.ports.Strategies``. A strategy is imported when its signals are first computed."""

    def __init__(
        self, plugins: tuple[Plugin, ...], failures: tuple[StrategyFailure, ...], timeout_seconds: float
    ) -> None:
        self._plugins = plugins
        self._failures = failures
        self._timeout_seconds = timeout_seconds
        self._classes: dict[str, Callable[[], Strategy]] = {}
        self._timed_out: dict[str, str] = {}  # message by strategy
        self._cached: tuple[History, tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]] | None = None

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]:
        """The strategies with valid manifests, in the order of STRATEGIES."""
        return tuple(plugin.info for plugin in self._plugins)

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        """The strategies with invalid manifests or parameters."""
        return self._failures

    @property
    def warmup(self) -> int:
        """Completed sessions of history to fetch: one more than the longest warm-up; 0 without strategies."""
        return max((info.warmup + 1 for info in self.loaded), default=0)

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """The signals of all strategies after the last session of ``history``, and the strategies that failed.

        A strategy that timed out is not run again. A history without a session gives no signals. A second call with
        the same history object, as the jobs of a replayed session make, returns the cached result.
        """
        if self._cached is None or self._cached[0] is not history:
            self._cached = (history, self._compute_all(history))
        return self._cached[1]

    def _compute_all(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        signals: list[Signal] = []
        failures: list[StrategyFailure] = []
        for plugin in self._plugins:
            name = plugin.info.name
            try:
                signals.extend(self._signals_of(plugin, history))
            except PluginError as error:
                if isinstance(error, PluginTimeout):
                    self._timed_out[name] = str(error)
                failures.append(StrategyFailure(name, str(error)))
        return tuple(signals), tuple(failures)

    def _signals_of(self, plugin: Plugin, history: History) -> tuple[Signal, ...]:
        info = plugin.info
        if info.name in self._timed_out:
            raise PluginError(f"not asked again: {self._timed_out[info.name]}")
        if history.close.empty:
            return ()
        return run_isolated(lambda: self._compute(plugin, history), info.name, plugin.folder, self._timeout_seconds)

    def _compute(self, plugin: Plugin, history: History) -> tuple[Signal, ...]:
        from tradebot.plugins.last_signals import last_signals
        from tradebot.plugins.signal_validation import validated_signals  # imports pandas, as a history has done

        info = plugin.info
        if info.name not in self._classes:
            self._classes[info.name] = load_class(plugin)
        return last_signals(info, validated_signals(self._classes[info.name](), info, history))
