"""Loads the configured strategies of a home, with the parameters that the home sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from tradebot.core.model.strategy_versions import StrategyVersion, differences
from tradebot.errors import ConfigError, LedgerError, Problem
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import Settings
from tradebot.settings.inspected import ShownSetting

if TYPE_CHECKING:
    from tradebot.core.model.signals import Signal
    from tradebot.jobs.desk import Desk
    from tradebot.ledger.strategy_history import StrategyHistory
    from tradebot.plugins.parameter_file import ParameterFile
    from tradebot.plugins.strategy_book import StrategyBook
    from tradebot.ports import Strategies, StrategyFailure, StrategyInfo
    from tradebot.strategy_api import History


def strategy_book(settings: Settings, check_stop: Callable[[], None] | None = None) -> StrategyBook:
    """The configured strategies. Manifests are read now; the process starts when signals are asked for.

    check_stop: raises if the command was asked to stop; called while it waits for signals.

    Raises ConfigError with every problem that ``strategy_problems`` gives.
    """
    from tradebot.plugins.strategy_book import load_book  # slow to import, and few commands ask strategies

    file = parameter_file(settings)
    runner = strategy_runner(settings, check_stop)
    try:
        book = load_book(settings.strategies, [settings.strategies_path], runner, settings.symbols or (), file.values)
    except ConfigError as error:
        raise ConfigError(dict.fromkeys((*error.problems, *file.problems))) from None
    if file.problems:
        raise ConfigError(file.problems)
    return book


@contextmanager
def strategies_as_then(desk: Desk, session: date) -> Iterator[Strategies]:
    """The strategies with the parameters that they had in a session; those of the desk where none has changed."""
    from tradebot.plugins.strategy_book import load_book

    settings, history = desk.settings, desk.ledger.strategy_history
    spoken = {record.strategy: record.fingerprint for record in desk.ledger.signals.of_session(session)}
    own = {info.name: info for info in desk.strategies.loaded}
    params = {name: info.changed for name, info in own.items()}
    for name, fingerprint in spoken.items():
        if name in own and own[name].fingerprint != fingerprint and (then := history.version(name, fingerprint)):
            params[name] = then.changed
    if all(params[name] == info.changed for name, info in own.items()):
        yield desk.strategies
        return
    runner = strategy_runner(settings)
    with closing(load_book(list(own), [settings.strategies_path], runner, settings.symbols or (), params)) as book:
        yield book


def strategy_problems(settings: Settings) -> tuple[Problem, ...]:
    """What a job refuses of STRATEGIES and of the home's parameters.toml: unknown names, and values that do not fit.

    A strategy with an invalid manifest is no such problem: it fails alone.
    """
    try:
        strategy_book(settings)
    except ConfigError as error:
        return error.problems
    return ()


def parameter_file(settings: Settings) -> ParameterFile:
    """The parameters.toml of the home, with its problems."""
    from tradebot.plugins.parameter_file import PARAMETERS, read_parameters

    return read_parameters(settings.home / PARAMETERS, [settings.strategies_path])


def shown_parameters(settings: Settings) -> tuple[ShownSetting, ...]:
    """The parameters of the configured strategies as they may be printed, those that are valid."""
    from tradebot.plugins.discovery import discover
    from tradebot.plugins.load import read_plugin

    file = parameter_file(settings)
    shown: list[ShownSetting] = []
    with suppress(ConfigError):
        known = {strategy.name: strategy for strategy in discover([settings.strategies_path])}
        for found in (known[name] for name in settings.strategies if name in known):
            with suppress(ConfigError):
                params = read_plugin(found, params=file.values.get(found.name)).info.params
                shown += (
                    ShownSetting(f"{found.name}.{name}", str(value), file.origin(found.name, name))
                    for name, value in params.items()
                )
    return tuple(shown)


def sound_parameters(settings: Settings) -> ParameterFile:
    """The parameters.toml of the home. Raises ConfigError with its problems."""
    file = parameter_file(settings)
    if file.problems:
        raise ConfigError(file.problems)
    return file


@dataclass(frozen=True, slots=True)
class ServedSessions:
    """What the ledger has of a strategy: the sessions that it served as it is, and what changed since the newest."""

    sessions: int
    newest: date | None = None  # None before its first session
    changes: tuple[str, ...] = ()  # since the newest session, for people; none if it is as it was


def served_sessions(settings: Settings, infos: Iterable[StrategyInfo]) -> Mapping[str, ServedSessions]:
    """By strategy, what the ledger of the pinned account has of it. Empty without a ledger that can be read."""
    from tradebot.ledger.database import open_without_migrating
    from tradebot.runtime.home_in_ledger import pinned_account_of

    try:
        with closing(open_without_migrating(settings.ledger)) as database:
            account = pinned_account_of(settings, database)
            if account is None:
                return {}
            history = database.bind(account.key).strategy_history
            return {info.name: _served(history, info.as_version) for info in infos}
    except LedgerError:
        return {}


def _served(history: StrategyHistory, version: StrategyVersion) -> ServedSessions:
    sessions, newest = history.sessions(version, date.max), history.newest(version.strategy)
    if newest is None:
        return ServedSessions(sessions)
    if newest.fingerprint == version.fingerprint or (newest.version is None and sessions):
        return ServedSessions(sessions, newest.session)
    if newest.version is None:
        return ServedSessions(sessions, newest.session, ("an earlier version stored no list of its files",))
    changes = differences(newest.version, version) or ("its version changed",)
    return ServedSessions(sessions, newest.session, changes)


class LazyStrategies:
    """Strategies that are loaded when first asked for: loading takes longer than showing the status."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _book(self) -> Strategies:
        return strategy_book(self._settings)

    def prepare(self) -> None:
        """Start their process, if it is not started."""
        self._book.prepare()

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]:
        """Those that were read."""
        return self._book.loaded

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        """Those that could not be read, and why."""
        return self._book.failures

    @property
    def warmup(self) -> int:
        """The sessions that they need before they give signals."""
        return self._book.warmup

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """Their signals, and those that failed."""
        return self._book.signals(history)
