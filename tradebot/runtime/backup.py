"""Backs the ledger up, and restores a backup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tradebot.core.model.account_numbers import shown_key
from tradebot.core.model.exchange_time import new_york_date, new_york_text
from tradebot.core.model.history_keys import account_of
from tradebot.core.model.schedule import Job, open_window
from tradebot.core.results.audit_events import RESTORED
from tradebot.errors import ConfigError, LedgerError, Problem
from tradebot.home import backups, locks, paths
from tradebot.home.atomic_files import make_folder, sync_folder, write_error_text
from tradebot.home.output_files import output_path
from tradebot.ledger.backup import Copy, copy_backup, is_copy_of, make_backup
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.swap_file import new_file_path, old_file_path, remove_files, swap_in
from tradebot.market.calendar import NyseCalendar
from tradebot.runtime.chain_heads import heads_by_account, keep_head
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import pinned_keys
from tradebot.runtime.homes import configuration, is_fresh, register_home
from tradebot.runtime.replaced_history import is_whole, switch_history
from tradebot.runtime.shared_ledger import take_account
from tradebot.settings import GlobalOptions, Settings
from tradebot.settings.ledger_location import LedgerLocation

#: What the names of the backups of a ledger on a server begin with.
_SERVER = Path("ledger")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made and verified."""

    copy: Copy
    home: Path
    database: LedgerLocation
    at: datetime  # wall time
    dropped: tuple[Path, ...]  # older backups, deleted


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is the ledger now."""

    copy: Copy
    database: LedgerLocation
    kept: Path | None  # the previous ledger's file; None where there was none, or where it keeps the history before
    is_generation: bool  # whether the ledger stayed, and keeps the history before
    accounts: tuple[str, ...]  # that have the history of the backup now

    @property
    def kept_text(self) -> str:
        """Where the ledger before it is, for people."""
        if self.is_generation:
            return "the history before it is kept in the ledger"
        return f"the ledger before it is kept: {self.kept}" if self.kept else "there was no ledger before it"


def back_up(options: GlobalOptions, to: Path | None) -> BackedUp:
    """Copy the ledger into the folder ``to``, default BACKUP_DIR, while jobs may run, and delete the oldest backups.

    Raises UsageError (``to`` is a path of the home), ConfigError (the folder cannot be written) and LedgerError (the
    ledger cannot be copied, or is not sound).
    """
    loaded, wall = configuration(options), SystemClock().now().replace(microsecond=0)
    settings = loaded.settings
    is_fresh(settings, makes_home=False)
    folder = output_path(to, "--to", loaded) if to else _backup_folder(settings)
    try:
        make_folder(folder)
        names = backups.names_of(settings.home, settings.ledger_file or _SERVER)
        with closing(open_database(settings.ledger, create=False)) as database:
            unverified = names.temporary(folder, wall)
            path = names.final(unverified)
            copy = make_backup(database, unverified)
            unverified.replace(path)
            sync_folder(folder)
            backups.record_last(settings.home, backups.Backup(path, wall))
            own = (*names.backups(folder), *_own_unmarked(settings, database, names, folder))
        dropped = backups.delete_old(own, settings.backup_keep)
        names.delete_abandoned(folder, wall)
    except OSError as error:
        raise write_error_text(folder, error, "--to" if to else "BACKUP_DIR") from error
    return BackedUp(replace(copy, path=path), settings.home, settings.ledger, wall, dropped)


def why_not_due(options: GlobalOptions, to: Path | None) -> str:
    """Why a scheduler's backup is not due now; "" if it is: once a session, from its report until the next preflight.

    The hours are those of the installed calendar. Raises what ``back_up`` raises.
    """
    settings, now, calendar = configuration(options).settings, SystemClock().wall(), NyseCalendar()
    is_fresh(settings, makes_home=False)
    today = new_york_date(now)
    sessions = (*calendar.between(calendar.previous(today).session, today), calendar.following(today))
    window = open_window(Job.BACKUP, now, sessions, settings.schedule_rules())
    if window is None:
        return f"a backup is not due at {new_york_text(now)}: nothing was done"
    with suppress(OSError):  # the backup itself reports it
        names = backups.names_of(settings.home, settings.ledger_file or _SERVER)
        made = names.backups(to or settings.backup_path)
        if made and made[-1].at >= window.begins:
            return f"the backup of {window.session} was made at {new_york_text(made[-1].at)} already: nothing was done"
    return ""


def _backup_folder(settings: Settings) -> Path:
    """BACKUP_DIR. Raises ConfigError if the drive that BACKUP_REQUIRE_MOUNT tells of is not mounted."""
    required = settings.backup_require_mount_path
    if required and (trouble := backups.mount_trouble(required, settings.backup_path)):
        fix = "Mount the drive of BACKUP_DIR, or give another folder with --to. No backup was made."
        raise ConfigError([Problem("BACKUP_REQUIRE_MOUNT", trouble, fix)])
    return settings.backup_path


def _own_unmarked(
    settings: Settings, database: Database, names: backups.BackupNames, folder: Path
) -> Iterator[backups.Backup]:
    """The backups that an earlier version named and that are the home's own beyond doubt.

    Their names tell no home: only those inside the home count, and of these the copies of this ledger.
    """
    if folder.resolve().is_relative_to(settings.home.resolve()):
        yield from (each for each in names.unmarked(folder) if is_copy_of(database, each.path))


def restore(options: GlobalOptions, file: Path, *, over_newer: bool = False) -> Restored:
    """Verify a backup, and give the accounts of this home the history that they have in it.

    A ledger that can be read keeps what it has, and gets a new generation of each; a file that is missing or damaged is
    replaced, and kept under another name. A folder that is no home becomes one. Raises Locked while a command runs, and
    LedgerError for a backup that is not sound, lacks this home's newest history, or, unless it goes ``over_newer``
    history, what the ledger has of an account; then nothing has changed.
    """
    settings = configuration(options).settings
    fresh = is_fresh(settings, makes_home=True)
    path = settings.ledger_file or paths.fresh_ledger_file(settings.home)
    with locks.home_lock(settings.home, command="restore", wall=SystemClock().now()):
        known = heads_by_account(settings)
        _refuse_itself(file, path)
        remove_files(new_file_path(path))
        try:
            copy = copy_backup(file, new_file_path(path), known)
            if is_whole(settings.ledger):
                return _restore_accounts(settings, copy, new_file_path(path), over_newer=over_newer)
        except LedgerError:
            remove_files(new_file_path(path))
            raise
        kept = old_file_path(path, "restore")
        existed = path.exists()
        swap_in(path, kept)
        with closing(open_database(path, create=False)) as database:
            accounts = tuple(sorted({account_of(key) for key in database.heads()}))
            _note_restore(settings, database, file, accounts)
            if fresh and not existed:
                register_home(settings, database)
    return Restored(copy, settings.ledger, kept if existed else None, False, accounts)


def _restore_accounts(settings: Settings, copy: Copy, made_at: Path, *, over_newer: bool) -> Restored:
    """Give the accounts that this home uses the history of a backup, all in one transaction."""
    with (
        closing(open_database(made_at, create=False)) as made,
        closing(open_database(settings.ledger, create=False)) as database,
        ExitStack() as held,
    ):
        theirs = {account_of(key) for key in made.heads()}
        own = set(pinned_keys(settings, database))
        accounts = tuple(sorted(theirs & own if own else theirs))
        if not accounts:
            raise LedgerError(f"{copy.path} holds no account that this home uses. Nothing was changed.")
        for account in filter(database.pinned_accounts.has, accounts):
            held.enter_context(take_account(settings, database, database.bind(account), "restore"))
        if not over_newer:
            _refuse_older(copy, made, database, accounts)
        switch_history(settings, database, made, accounts, "restore", SystemClock().now())
        _note_restore(settings, database, copy.path, accounts)
    remove_files(made_at)
    return Restored(copy, settings.ledger, None, True, accounts)


def _refuse_older(copy: Copy, made: Database, database: Database, accounts: Iterable[str]) -> None:
    """Raise LedgerError where the ledger has newer history of an account than the backup: that of another home, too."""
    for account in accounts:
        head, theirs = database.head(account), made.head(account)
        if head[0] and not made.has_row(head):
            raise LedgerError(
                f"{copy.path} lacks the newest history that {database.location} has of account {shown_key(account)}: "
                f"it ends with row {theirs[0]} of the audit trail, and the ledger with row {head[0]}. Another home may "
                "have written it, with orders that the backup does not know. Nothing was changed. Take a newer backup; "
                "or add --over-newer, which keeps those rows in the ledger and goes on without them."
            )


def _refuse_itself(file: Path, database: Path) -> None:
    if file.exists() and database.exists() and file.samefile(database):
        raise LedgerError(f"{file} is the ledger itself, not a backup of it. Nothing was changed.")


def _note_restore(settings: Settings, database: Database, file: Path, accounts: Iterable[str]) -> None:
    """Note the restore in the audit trail of each account, and store the new heads."""
    for key in accounts:
        detail = {"from": str(file.absolute())}
        database.bind(key).decisions.note(RESTORED, key, SystemClock().now(), detail)
        keep_head(settings, database, key)
