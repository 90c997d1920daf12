"""Putting a fresh ledger in the place of an old one, which is kept beside it under another name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from tradebot.errors import LedgerBusy, LedgerError
from tradebot.ledger.database import Database, header_of, open_database, refuse_what_is_not_ours
from tradebot.ledger.engine import Engine
from tradebot.ledger.verify import verify

#: What SQLite may keep beside a database: its newest commits are in the first of them.
_BESIDE = ("-wal", "-shm")


def kept_name(path: Path, why: str = "rebuild", *, beside: Path | None = None) -> Path:
    """The name under which ``path`` would be kept: the first that is free, for the file ``beside`` it too."""
    names = ((_before(path, why, n), _before(beside, why, n) if beside else None) for n in count(1))
    return next(name for name, other in names if not _with_companions(name) and not (other and other.exists()))


def _before(path: Path, why: str, number: int) -> Path:
    return path.with_name(f"{path.name}.before-{why}-{number}")


def making(path: Path) -> Path:
    """Where the ledger that is to take the place of ``path`` is made."""
    return path.with_name(f"{path.name}.making")


def forget(made: Path) -> None:
    """Remove what a command that did not come to its end left behind."""
    for name in _with_companions(made):
        name.unlink()


@contextmanager
def fresh_ledger(path: Path) -> Iterator[Database]:
    """A new ledger beside ``path``, to be filled and then put in its place with ``put_in_place``.

    Nothing has happened to the old one when an exception comes through. Raises LedgerError when the old one is no
    ledger of ours, or the new one is not sound.
    """
    _refuse_what_is_sound(path)
    made = making(path)
    forget(made)
    with closing(open_database(made, create=True)) as database:
        yield database
        findings = verify(database)
    if findings:
        raise LedgerError(f"The fresh ledger {made} is not sound, and the old one stays: {findings[0]}")
    if _with_companions(made) != [made]:
        raise LedgerError(f"Another program holds {made}, and the old one stays. Run the command again.")


def put_in_place(path: Path, kept: Path) -> None:
    """Give the ledger that was made the name ``path``, and the old one, if there is one, the name ``kept``.

    Whenever this is killed, the old one is whole under one of both names, and can be put aside by another rebuild.
    Raises LedgerError when the files cannot be moved.
    """
    try:
        for name in _with_companions(path):
            _give_also(name, kept.with_name(kept.name + name.name.removeprefix(path.name)))
        for suffix in _BESIDE:  # what they hold must never be taken for the new one's
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        making(path).replace(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be replaced: {error.strerror or error}. Close every program that holds it, and "
            "run the command again."
        ) from error


def _refuse_what_is_sound(path: Path) -> None:
    """Another program's database, and a ledger that only a newer version can read, are nothing to be replaced."""
    if not path.exists():
        return
    try:
        with closing(Engine(path)) as engine:
            header = header_of(engine)
    except LedgerBusy:
        raise
    except LedgerError:
        return  # nothing that anybody could read
    refuse_what_is_not_ours(path, header)


def _give_also(name: Path, other: Path) -> None:
    """Let a file have another name too; a copy where the file system gives a file one name only."""
    try:
        os.link(name, other)
    except OSError:
        shutil.copy2(name, other)


def _with_companions(path: Path) -> list[Path]:
    """The files of a database that are there, the database itself last."""
    names = (*(path.with_name(path.name + suffix) for suffix in _BESIDE), path)
    return [name for name in names if name.exists()]
