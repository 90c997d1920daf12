"""What `run-daily` would refuse although every setting is valid by itself: strategies, prices, ledger, folders.

To add a check, write a function that yields problems and list it in ``CHECKS``. A problem whose ``where`` is the name
of a setting is shown with the line of the setting.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tradebot.errors import ConfigError, Problem, TradebotError
from tradebot.home import paths
from tradebot.home.atomic_files import write_error_text
from tradebot.runtime import system_needs
from tradebot.runtime.strategies import strategy_problems
from tradebot.settings import BrokerName, GlobalOptions, Inspected, Settings, inspect

_SQLITE = b"SQLite format 3\0"  # how a database begins (https://sqlite.org/fileformat.html)


@dataclass(frozen=True, slots=True)
class Check:
    """A check that goes beyond the settings."""

    find: Callable[[Settings], Iterable[Problem]]  # may raise ConfigError; writes nothing
    settings: frozenset[str]  # it goes by these, and is left out while one of them is invalid


def inspect_all(options: GlobalOptions) -> Inspected:
    """The settings with everything that is wrong, the problems of ``CHECKS`` included. Writes nothing."""
    inspected = inspect(options)
    made = [check for check in CHECKS if inspected.is_certain(check.settings)]
    return inspected.including(problem for check in made for problem in _find(check, inspected.loaded.settings))


def _find(check: Check, settings: Settings) -> Iterator[Problem]:
    try:
        yield from check.find(settings)
    except ConfigError as error:
        yield from error.problems


def _strategies(settings: Settings) -> Iterator[Problem]:
    """The names without a strategy, and every problem of parameters.toml and of a manifest."""
    from tradebot.plugins.discovery import discover
    from tradebot.plugins.load import read_plugin

    yield from strategy_problems(settings)
    with suppress(ConfigError):  # told by now
        known = {strategy.name: strategy for strategy in discover([settings.strategies_path])}
        for found in (known[name] for name in dict.fromkeys(settings.strategies) if name in known):
            try:
                read_plugin(found, settings.symbols or ())
            except ConfigError as error:
                yield from error.problems


def _strategy_user(settings: Settings) -> Iterator[Problem]:
    """A STRATEGY_USER that the system does not know. Jobs go on without strategies, so that exits are not refused."""
    if settings.strategy_user is None:
        return
    with suppress(ImportError):  # Windows
        import pwd

        try:
            pwd.getpwnam(settings.strategy_user)
        except KeyError:
            what = f"this system has no user {settings.strategy_user!r}, so that no strategy can be asked"
            yield Problem("STRATEGY_USER", what, "Name a user that there is, or leave it blank.")


def _folders(settings: Settings) -> Iterator[Problem]:
    """The folders of the home and of the user's state that cannot be written."""
    for path, chosen_by in (
        (paths.state_folder(settings.home), "--home"),
        (settings.state_path / "locks", "TRADEBOT_STATE_DIR"),
    ):
        if error := _why_not_writable(path):
            for problem in write_error_text(path / "lock", error, chosen_by).problems:  # of a file in it
                yield replace(problem, where=str(path))


def _ledger(settings: Settings) -> Iterator[Problem]:
    """A DATABASE_URL that cannot be a ledger: a folder, another kind of file, or a place that cannot be written."""
    path = settings.ledger_file
    if path is None:
        return
    if path.is_dir():
        what = f"{path} is a folder"
    elif path.is_file() and not _may_be_ledger(path):
        what = f"{path} is a file of another kind"
    elif error := _why_not_writable(path.parent):
        what = f"{path} cannot be written: {error.strerror}"
    else:
        return
    yield Problem("DATABASE_URL", what, "Write sqlite:/// and the path of a file that is the ledger's alone.")


def _may_be_ledger(path: Path) -> bool:
    """Whether a file is empty, a SQLite database, or unreadable, which opening it will tell."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) in (b"", _SQLITE)
    except OSError:
        return True


def _why_not_writable(folder: Path) -> OSError | None:
    """The error that writing into a folder, which need not exist, would meet; None for none."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    if not os.access(folder, os.W_OK | os.X_OK):
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return None


def _home(settings: Settings) -> Iterator[Problem]:
    """A home that cannot be read, or that a newer version made."""
    if paths.is_initialised(settings.home):
        paths.refuse_newer(settings.home)
    yield from ()


def _exchange(settings: Settings) -> Iterator[Problem]:
    """What the embedded exchange says of its prices and its first session, tried on a copy."""
    if settings.broker is not BrokerName.PAPER:
        return
    file = paths.exchange_file(settings.home)
    if not (settings.paper_data or settings.paper_start or paths.is_initialised(settings.home)):
        return  # a new home on the bundled prices
    from tradebot.runtime.paper_exchange import home_exchange, is_lost, prices_of

    try:
        with tempfile.TemporaryDirectory(prefix="tradebot-check-") as folder:
            copy = _copy(settings, Path(folder))
            # The ledger knows the home where it is, and not the copy.
            with home_exchange(copy, fresh=file.exists() or not is_lost(settings), durable=False, start=None):
                pass
    except ConfigError as error:
        for problem in error.problems:
            yield replace(problem, where=problem.where.replace(str(paths.exchange_file(copy.home)), str(file)))
    except TradebotError:
        return  # a damaged file is no matter of the configuration: run-daily ends with another code
    except OSError:  # there is no room for a copy
        prices_of(settings).sessions()


def _copy(settings: Settings, home: Path) -> Settings:
    """The settings of a copy of the home's exchange in the folder ``home``, beside the home's own ledger."""
    exchange = paths.exchange_file(home)
    exchange.parent.mkdir()
    for suffix in ("", "-wal"):
        with suppress(OSError):
            shutil.copy(f"{paths.exchange_file(settings.home)}{suffix}", f"{exchange}{suffix}")
    with suppress(OSError):
        shutil.copy(paths.marker_file(settings.home), paths.marker_file(home))
    return replace(
        settings,
        tradebot_home=home,
        database_url=settings.ledger,
        strategies_dir=settings.strategies_path,
        paper_data=settings.paper_data_path,
        paper_actions=settings.paper_actions_path,
    )


CHECKS: tuple[Check, ...] = (
    Check(system_needs.problems, frozenset({"DATABASE_URL"})),
    Check(_home, frozenset()),
    Check(_folders, frozenset({"TRADEBOT_STATE_DIR"})),
    Check(_ledger, frozenset({"DATABASE_URL"})),
    Check(_strategies, frozenset({"STRATEGIES", "STRATEGIES_DIR"})),
    Check(_strategy_user, frozenset({"STRATEGY_USER"})),
    Check(_exchange, frozenset({"BROKER", "DATABASE_URL", "PAPER_DATA", "PAPER_ACTIONS", "PAPER_START"})),
)
