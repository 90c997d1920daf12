"""Keeping a copy of the ledger, and putting one back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.home import backups, chain_heads, locks, paths
from tradebot.home.atomic_files import make_folder, sync_folder, write_error_text
from tradebot.ledger.backup import Copy, save, take
from tradebot.ledger.database import open_database
from tradebot.ledger.swap_file import forget, kept_name, making, put_in_place
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, is_fresh, keep_head, register_home
from tradebot.settings import GlobalOptions, Settings


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made and proved, and the older ones that made room for it."""

    copy: Copy
    database: Path
    at: datetime
    dropped: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that is the ledger now. ``kept`` is where the ledger before it lies, None when there was none."""

    copy: Copy
    database: Path
    kept: Path | None


def back_up(options: GlobalOptions, to: Path | None) -> BackedUp:
    """Copy the ledger into the folder ``to``, or BACKUP_DIR, beside whatever is at work, and keep the newest few.

    Raises ConfigError (the folder cannot be written) and LedgerError (the ledger cannot be copied, or is not sound).
    """
    settings, wall = configuration(options).settings, SystemClock().now().replace(microsecond=0)
    is_fresh(settings, makes_home=False)
    folder = to.absolute() if to else settings.backup_path
    path = folder / backups.backup_name(settings.database_path, wall)
    unproved = path.with_name(f".{path.name}.unproved")
    try:
        make_folder(folder)
        with closing(open_database(settings.database_path, create=False)) as database:
            copy = save(database, unproved)
        unproved.replace(path)
        sync_folder(folder)
        backups.record_last(settings.home, backups.Backup(path, wall))
        dropped = backups.delete_old(folder, settings.database_path, settings.backup_keep)
    except OSError as error:
        raise write_error_text(folder, error, "--to" if to else "BACKUP_DIR") from error
    return BackedUp(replace(copy, path=path), settings.database_path, wall, dropped)


def restore(options: GlobalOptions, file: Path) -> Restored:
    """Prove a backup and put it in the ledger's place; the ledger before it is kept under another name.

    A folder that was never a home becomes one. Raises Locked while anything runs, LedgerError for a backup that is
    not sound or not of this home's newest history; nothing has happened then.
    """
    settings = configuration(options).settings
    fresh = is_fresh(settings, makes_home=True)
    database = settings.database_path
    with locks.home_lock(settings.home, command="restore", wall=SystemClock().now()):
        known = tuple((head.seq, head.hash) for head in chain_heads.read(paths.chain_heads_file(settings.home)))
        _refuse_itself(file, database)
        forget(making(database))
        try:
            copy = take(file, making(database), known)
        except LedgerError:
            forget(making(database))
            raise
        kept = kept_name(database, "restore")
        had_one = database.exists()
        put_in_place(database, kept)
        _write_down(settings, file)
        if fresh:
            register_home(settings)
    return Restored(copy, database, kept if had_one else None)


def _refuse_itself(file: Path, database: Path) -> None:
    if file.exists() and database.exists() and file.samefile(database):
        raise LedgerError(f"{file} is the ledger itself, not a backup of it. Nothing was changed.")


def _write_down(settings: Settings, file: Path) -> None:
    """Say in the account's audit trail that its ledger was restored, and keep the chain's new head."""
    with closing(open_database(settings.database_path, create=False)) as database:
        account = database.pins.pinned(settings.broker, settings.trading_mode)
        if account is not None:
            detail = {"from": str(file.absolute())}
            database.bind(account.key).journal.note("restored", account.key, SystemClock().now(), detail)
        keep_head(settings, database)
