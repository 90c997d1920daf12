"""The strategies of the settings, as jobs use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.signals import Signal
from tradebot.errors import ConfigError
from tradebot.plugins.discovery import find
from tradebot.plugins.errors import PluginError, PluginTimeout
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.ports import StrategyFailure, StrategyInfo
from tradebot.strategy_api import ParamValue

if TYPE_CHECKING:
    from tradebot.strategy_api import History


def load_book(
    names: Iterable[str],
    directories: Sequence[Path],
    runner: StrategyRunner,
    symbols: Sequence[str] = (),
    params: Mapping[str, Mapping[str, ParamValue]] | None = None,
) -> StrategyBook:
    """Read the manifests of the strategies of these names.

    directories: the user's strategy folders, searched first.
    runner: computes their signals; the book closes it.
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
    return StrategyBook(tuple(plugins), tuple(failures), runner)


class StrategyBook:
    """Implements ``tradebot.ports.Strategies``. The strategies run in a process of their own."""

    def __init__(
        self, plugins: tuple[Plugin, ...], failures: tuple[StrategyFailure, ...], runner: StrategyRunner
    ) -> None:
        self._plugins = plugins
        self._failures = failures
        self._runner = runner
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
        from tradebot.plugins.last_signals import last_signals  # imports pandas, as a history has done

        late = self._timed_out
        signals: list[Signal] = []
        failures = [StrategyFailure(name, f"not asked again: {message}") for name, message in late.items()]
        asked = [plugin for plugin in self._plugins if plugin.info.name not in late and not history.close.empty]
        for plugin, result in zip(asked, self._runner.signals_of_each(asked, history, last_only=True), strict=True):
            if isinstance(result, PluginError):
                failures.append(StrategyFailure(plugin.info.name, str(result)))
            else:
                signals.extend(last_signals(plugin.info, result))
                if result.conditions.fault:
                    failures.append(StrategyFailure(plugin.info.name, result.conditions.fault, has_signals=True))
            if isinstance(result, PluginTimeout):
                self._timed_out[plugin.info.name] = str(result)
        return tuple(signals), tuple(failures)

    def prepare(self) -> None:
        """Start the strategy process, so that it is ready when the signals are asked for."""
        if self._plugins:
            self._runner.prepare()

    def close(self) -> None:
        """End the strategy process."""
        self._runner.close()
