"""The home of a command as its ledger knows it: its id there, its pinned account, and whether it has joined."""

from __future__ import annotations

from contextlib import closing

from tradebot.core.model.history_keys import account_of
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import ConfigError, LedgerError, Problem
from tradebot.home import paths
from tradebot.home.chain_heads import accounts_with_heads
from tradebot.ledger.database import Database, open_without_migrating
from tradebot.ledger.homes import NO_HOME, KnownHome
from tradebot.settings import Settings

#: Homes that are told where another one uses their ledger.
_SHOWN_HOMES = 5


def ledger_home(settings: Settings, database: Database) -> str:
    """The id under which the ledger knows the home; ``NO_HOME`` while it does not.

    It is the id in the state folder. Where that folder was lost or replaced, it is the id of the home that the ledger
    knows at this place.
    """
    homes, own = database.homes.all(), paths.home_id(settings.home) or NO_HOME
    here = [home.home_id for home in homes if is_here(settings, home)]
    if any(home.home_id == own for home in homes) and (own in here or not here):
        return NO_HOME if copied_from(settings, database) else own
    if here:
        return here[-1]
    return homes[-1].home_id if homes and is_inside(settings) else NO_HOME


def pinned_account_of(settings: Settings, database: Database) -> PinnedAccount | None:
    """The account that the home has pinned for the broker and the mode of its settings; None before its first use."""
    home_id = ledger_home(settings, database)
    return database.pinned_accounts.pinned(home_id, settings.broker, settings.trading_mode)


def pinned_keys(settings: Settings, database: Database) -> tuple[str, ...]:
    """The key of each account that the home has pinned."""
    return tuple(account.key for account in database.pinned_accounts.of_home(ledger_home(settings, database)))


def accounts_of_home(settings: Settings, database: Database | None) -> tuple[str, ...]:
    """The key of each account that the home has pinned, and the hash of each that it lost with an earlier ledger.

    database: None for a ledger that cannot be read. Raises LedgerError.
    """
    pinned = () if database is None else pinned_keys(settings, database)
    known = {*pinned, *(account_of(key) for key in (database.heads() if database else ()))}
    hashes = accounts_with_heads(paths.chain_heads_file(settings.home)) - {account_hash(key) for key in known}
    return (*pinned, *sorted(hashes))


def is_inside(settings: Settings) -> bool:
    """Whether the ledger lies in the home, so that no other home uses it."""
    file = settings.ledger_file
    return file is not None and file.resolve().is_relative_to(settings.home.resolve())


def is_here(settings: Settings, home: KnownHome) -> bool:
    """Whether the place of a home is the folder of the settings, on this machine."""
    return home.lies_at(paths.host_name(), paths.resolved_text(settings.home))


def copied_from(settings: Settings, database: Database) -> KnownHome | None:
    """The home on this machine that this one is a copy of, if both use the ledger; None for a home of its own."""
    own = paths.home_id(settings.home)
    if not own or is_inside(settings):
        return None
    origin = next((home for home in database.homes.all() if home.home_id == own), None)
    if origin is None or is_here(settings, origin) or origin.host != paths.host_name():
        return None
    return origin if paths.holds_home(origin.path, own) else None


def refuse_unjoined(settings: Settings, database: Database) -> None:
    """Raise ConfigError for a home that the ledger of other homes does not know: it has to join first.

    A lost state folder is told from it by the place, which the ledger knows.
    """
    homes = database.homes.all()
    if is_inside(settings) or not homes or ledger_home(settings, database) != NO_HOME:
        return
    origin = copied_from(settings, database)
    others = "\n  ".join(dict.fromkeys(place_text(home) for home in homes[-_SHOWN_HOMES:]))
    what = f"the ledger {settings.ledger} is that of other homes, and {settings.home} has not joined it"
    if origin is not None:
        what = f"{settings.home} is a copy of the home {origin.path}, which uses the ledger {settings.ledger} too"
    fix = (
        "To trade an account of its own there, run `tradebot init-db --join` in this home. A home that was moved needs "
        f"its folder state/ too. The ledger knows:\n  {others}"
    )
    raise ConfigError([Problem("DATABASE_URL", what, fix)])


def is_in_ledger(settings: Settings) -> bool:
    """Whether a folder without a state folder is the home of its ledger, which has lost it.

    A file that cannot be read may be that of the home. A ledger outside may be that of other homes alone.
    """
    file = settings.ledger_file
    if file is not None and not file.exists():
        return False
    if is_inside(settings):
        return True
    try:
        with closing(open_without_migrating(settings.ledger)) as database:
            return ledger_home(settings, database) != NO_HOME or (file is not None and not database.homes.all())
    except LedgerError:
        return file is not None


def place_text(home: KnownHome) -> str:
    """The place of a home for people: "/home/me/bot on laptop"."""
    return f"{home.path} on {home.host}" if home.host else home.path
