"""Forgets a home that was deleted on purpose, so that it is not missing for ever."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tradebot.errors import ConfigError, Problem, TradebotError, UsageError
from tradebot.home import paths, registry
from tradebot.ledger.database import Database, open_without_migrating
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import is_inside
from tradebot.runtime.known_homes import homes_with_accounts, known_homes, own_home, settings_of
from tradebot.settings import GlobalOptions
from tradebot.settings.ledger_location import LedgerLocation


def forget_home(options: GlobalOptions, home: Path, reason: str) -> None:
    """Take a home off the list of this user, and its pins out of the ledgers of the other homes, with the reason.

    A ledger that cannot be opened goes on telling of the home. Raises UsageError while the folder is there and for a
    home that is not known, ConfigError for a list that cannot be written, and LedgerError.
    """
    home = home.expanduser().resolve()
    _refuse_existing(home)
    found = 0
    for location in _shared_ledgers(options):
        try:
            database = open_without_migrating(location)
        except TradebotError:  # what lists the accounts names it
            continue
        with closing(database):
            found += _forget_in(database, home, reason)
    state_path = settings_of(own_home(options), options).state_path
    try:
        found += registry.remove(state_path, home)
    except OSError as error:
        what = f"the list of homes there cannot be written: {error}"
        raise ConfigError([Problem(str(state_path), what, "Make it writable, then run this again.")]) from error
    if not found:
        raise UsageError(
            f"No home is known at {home} on this machine. `tradebot accounts` names those that are missing."
        )


def _refuse_existing(home: Path) -> None:
    """Raise UsageError unless nothing lies at the path."""
    try:
        home.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UsageError(f"Whether {home} is gone cannot be told: {error}. Run it as a user who may look.") from error
    raise UsageError(f"{home} is still there. Only a home whose folder was deleted is forgotten.")


def _shared_ledgers(options: GlobalOptions) -> tuple[LedgerLocation, ...]:
    """The ledgers outside the homes that the known homes use, and that of the own settings."""
    homes = [own_home(options), *(Path(place.home) for place in known_homes(options).places if not place.trouble)]
    shared = [settings for settings in (settings_of(home, options) for home in homes) if not is_inside(settings)]
    return tuple({str(settings.ledger): settings.ledger for settings in shared}.values())


def _forget_in(database: Database, home: Path, reason: str) -> int:
    """How many homes the ledger forgot."""
    host, path, now = paths.host_name(), paths.resolved_text(home), SystemClock().wall()
    gone = [known for known in homes_with_accounts(database) if known.lies_at(host, path)]
    for known in gone:
        database.pinned_accounts.forget_home(known, reason, now)
    return len(gone)
