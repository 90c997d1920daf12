"""Replacement of the ledger's file by a new one. The old file stays beside it under another name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from tradebot.errors import LedgerBusy, LedgerError
from tradebot.ledger.database import Database, open_database, read_header, refuse_unusable
from tradebot.ledger.open_engine import open_engine
from tradebot.ledger.verify import verify_ledger

#: Suffixes of the files that SQLite may keep beside a database. The first holds the newest commits.
_BESIDE = ("-wal", "-shm")


def old_file_path(path: Path, why: str = "rebuild", *, beside: Path | None = None) -> Path:
    """The first free name for the old file of ``path``, and for the file ``beside`` it where one is given."""
    names = ((_before(path, why, n), _before(beside, why, n) if beside else None) for n in count(1))
    return next(name for name, other in names if not _with_companions(name) and not (other and other.exists()))


def _before(path: Path, why: str, number: int) -> Path:
    return path.with_name(f"{path.name}.before-{why}-{number}")


def new_file_path(path: Path) -> Path:
    """The path at which the ledger that replaces ``path`` is made."""
    return path.with_name(f"{path.name}.making")


def remove_files(path: Path) -> None:
    """Remove a database and its companions, left behind by an interrupted command."""
    for name in _with_companions(path):
        name.unlink()


@contextmanager
def new_ledger(path: Path) -> Iterator[Database]:
    """A new ledger beside ``path``, which the caller fills and then puts in its place with ``swap_in``.

    The old ledger is not changed. Raises LedgerError if the old file is not a ledger of this program, and at the end if
    the new ledger is not sound.
    """
    _refuse_unreplaceable(path)
    new = new_file_path(path)
    remove_files(new)
    with closing(open_database(new, create=True)) as database:
        yield database
        findings = verify_ledger(database)
    if findings:
        raise LedgerError(f"The fresh ledger {new} is not sound, and the old one stays: {findings[0]}")
    if _with_companions(new) != [new]:
        raise LedgerError(f"Another program holds {new}, and the old one stays. Run the command again.")


def swap_in(path: Path, kept: Path) -> None:
    """Rename the new ledger to ``path``, and the old one, if there is one, to ``kept``.

    A kill at any moment leaves the old ledger whole under one of both names. Raises LedgerError if a file cannot be
    moved.
    """
    try:
        for name in _with_companions(path):
            _link(name, kept.with_name(kept.name + name.name.removeprefix(path.name)))
        for suffix in _BESIDE:  # the old commits must not be applied to the new file
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        new_file_path(path).replace(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be replaced: {error.strerror or error}. Close every program that holds it, and "
            "run the command again."
        ) from error


def _refuse_unreplaceable(path: Path) -> None:
    """Raise LedgerError for another program's database and for a ledger of a newer version."""
    if not path.exists():
        return
    try:
        with closing(open_engine(path)) as engine:
            header = read_header(engine)
    except LedgerBusy:
        raise
    except LedgerError:
        return  # no program can read it
    refuse_unusable(path, header)


def _link(name: Path, other: Path) -> None:
    """Give a file a second name, or copy it where the file system has no hard links."""
    try:
        os.link(name, other)
    except OSError:
        shutil.copy2(name, other)


def _with_companions(path: Path) -> list[Path]:
    """The existing files of a database, the database itself last."""
    names = (*(path.with_name(path.name + suffix) for suffix in _BESIDE), path)
    return [name for name in names if name.exists()]
