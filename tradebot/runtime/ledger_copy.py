"""Copies the ledger to another place, where its accounts live from then on, and opens it here again.

The copy is whole or absent: rows of a file are written into one beside it that gets its name at the end, those of a
server in one transaction. The ledger here is closed last, and a copy that is there already is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tradebot.core.model.history_keys import account_of
from tradebot.errors import LedgerError
from tradebot.home import locks
from tradebot.home.atomic_files import sync_folder
from tradebot.ledger.audit import Head
from tradebot.ledger.copy_rows import copy_everything
from tradebot.ledger.database import Database, open_database, open_without_migrating
from tradebot.ledger.generations import newest
from tradebot.ledger.swap_file import new_file_path, remove_files
from tradebot.ledger.verify import verify_ledger
from tradebot.runtime.chain_heads import keep_head, refuse_other_history
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import ledger_home, place_text
from tradebot.runtime.homes import configuration, is_fresh
from tradebot.runtime.shared_ledger import take_account
from tradebot.settings import GlobalOptions, Settings
from tradebot.settings.ledger_location import LedgerLocation


@dataclass(frozen=True, slots=True)
class Copied:
    """A ledger that lives elsewhere now."""

    home: Path
    here: str
    place: str  # as it may be shown
    heads: Mapping[str, Head]  # of the copy
    accounts: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]]  # the other homes that trade an account, as places, by its key


def other_homes(options: GlobalOptions) -> Mapping[str, tuple[str, ...]]:
    """The other homes that trade an account of the ledger, as places, by its key. Raises LedgerError."""
    settings = configuration(options).settings
    with closing(open_without_migrating(settings.ledger)) as database:
        return _other_homes(settings, database)


def _other_homes(settings: Settings, database: Database) -> Mapping[str, tuple[str, ...]]:
    own, homes = ledger_home(settings, database), database.homes.all()
    found: dict[str, tuple[str, ...]] = {}
    for account in _accounts(database):
        pinned = set(database.pinned_accounts.homes_of(account)) - {own}
        places = tuple(dict.fromkeys(place_text(home) for home in homes if home.home_id in pinned))
        if places:
            found[account] = places
    return found


def copy_ledger(options: GlobalOptions, to: LedgerLocation) -> Copied:
    """Copy the ledger, prove the copy row by row and by its chain, and close the accounts here.

    Raises Locked while anything runs, and LedgerError for a ledger that is not sound, or another one at ``to``.
    """
    with _held(options, "ledger copy") as (settings, database):
        to = settings.home / to if isinstance(to, Path) else to
        accounts = _accounts(database)
        for account in accounts:
            refuse_moved(settings, database, account)
        if not accounts:
            raise LedgerError(f"The ledger {settings.ledger} has no account yet. Nothing was copied.")
        heads = database.heads()
        with ExitStack() as taken:
            for account in accounts:
                taken.enter_context(take_account(settings, database, database.bind(account), "ledger copy"))
            heads = database.heads()
            if not _is_copy(to, heads):
                _copy(settings, database, to)
            at = SystemClock().now()
            with database.engine.transaction():
                for account in accounts:  # a halt may be told to the ledger meanwhile, which asks for no hold
                    database.engine.lock_account(newest(database.engine, account).row_key)
                if database.heads() != heads:
                    raise LedgerError(
                        f"The ledger {settings.ledger} was written while it was copied to {to}, and stays open. "
                        "Remove that copy, then run the command again."
                    )
                for account in accounts:  # the home keeps no head of these rows, which the copy lacks
                    database.bind(account).moves.move(str(to), at)
            others = _other_homes(settings, database)
    return Copied(settings.home, str(settings.ledger), str(to), heads, accounts, others)


def reopen_ledger(options: GlobalOptions) -> Copied:
    """Let the accounts live in this ledger again. Raises Locked and LedgerError."""
    with _held(options, "ledger copy") as (settings, database):
        moved = {account: database.bind(account).moves.place() for account in _accounts(database)}
        accounts = tuple(account for account, place in moved.items() if place)
        if not accounts:
            raise LedgerError(f"Every account of the ledger {settings.ledger} lives here. Nothing was changed.")
        refuse_other_history(settings, database)  # the accounts have traded there: that ledger is to be copied back
        at = SystemClock().now()
        with database.engine.transaction():
            for account in accounts:
                database.bind(account).moves.move("", at)
        for account in accounts:
            keep_head(settings, database, account)
        heads, others = database.heads(), _other_homes(settings, database)
    return Copied(settings.home, str(settings.ledger), str(settings.ledger), heads, accounts, others)


def refuse_moved(settings: Settings, database: Database, account: str) -> None:
    """Raise LedgerError for an account that lives in another ledger."""
    if place := database.bind(account).moves.place():
        raise LedgerError(
            f"The account lives in another ledger since this one was copied there: {place}. Nothing is done with "
            f"{settings.ledger}. Set DATABASE_URL to that place; or, where it is to live here again, stop the jobs "
            "there and run `tradebot ledger copy --reopen`."
        )


@contextmanager
def _held(options: GlobalOptions, command: str) -> Iterator[tuple[Settings, Database]]:
    settings = configuration(options).settings
    is_fresh(settings, makes_home=False)
    with (
        locks.home_lock(settings.home, command=command, wall=SystemClock().now()),
        closing(open_database(settings.ledger, create=False)) as database,
    ):
        yield settings, database


def _accounts(database: Database) -> tuple[str, ...]:
    return tuple(sorted({account_of(key) for key in database.heads()}))


def _is_copy(to: LedgerLocation, heads: Mapping[str, Head]) -> bool:
    """Whether the whole ledger is at ``to`` already. Raises LedgerError for another one there."""
    if isinstance(to, Path) and not to.exists():
        return False
    with closing(open_database(to, create=not isinstance(to, Path))) as there:
        found = there.heads()
        if not found and not there.homes.all():
            return False
        if found != heads:
            raise LedgerError(f"There is another ledger at {to} already. Nothing was changed. Name an empty place.")
        return True


def _copy(settings: Settings, database: Database, to: LedgerLocation) -> None:
    if not isinstance(to, Path):
        with closing(open_database(to, create=True)) as target:
            _fill(database, target)
        return
    making = new_file_path(to)
    remove_files(making)
    try:
        with closing(open_database(making, create=True)) as target:
            _fill(database, target)
        making.replace(to)
        sync_folder(to.parent)
    except OSError as error:
        raise LedgerError(f"{settings.ledger} cannot be copied to {to}: {error.strerror or error}.") from error


def _fill(database: Database, target: Database) -> None:
    with database.engine.snapshot(), target.engine.transaction():
        copy_everything(database.engine, target.engine)
        if target.heads() != database.heads():
            raise LedgerError(f"The copy in {target.location} has other chain heads. Nothing was changed.")
    if findings := verify_ledger(target):
        raise LedgerError(f"The copy in {target.location} is not sound: {findings[0]}. The ledger here stays open.")
