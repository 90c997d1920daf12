"""Verified copies of the ledger: made from it, or read back from a backup."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.ledger.audit import Head
from tradebot.ledger.audit import head as newest_head
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding
from tradebot.ledger.verify import verify_ledger


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the ledger that was opened and verified."""

    path: Path
    head: Head  # the newest audit row
    size: int  # bytes


def make_backup(database: Database, path: Path) -> Copy:
    """Copy the ledger as of one moment into the single file ``path`` while jobs go on writing, and verify the copy.

    Raises LedgerError if the ledger cannot be copied or the copy is not sound; the file is then removed.
    """
    try:
        database.engine.copy_to(path)
        with closing(open_database(path, create=False)) as copy:
            findings, head = verify_ledger(copy), copy.head()
        if findings:
            raise LedgerError(
                f"The copy is not sound, because the ledger {database.path} is not: {findings[0]}. Older backups were "
                "left alone. `tradebot verify` says more."
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Copy(path, head, path.stat().st_size)


def copy_backup(source: Path, path: Path, known: Sequence[Head]) -> Copy:
    """Copy a backup into ``path``, migrate the copy to the current schema and verify it. The backup is not changed.

    ``known``: the chain heads stored outside the ledger, oldest first. Raises LedgerError if the backup is damaged, cut
    off or changed, if it is older than the newest known head, or if its history is another one.
    """
    if not source.is_file():
        raise LedgerError(f"There is no backup {source}. `tradebot backup` says where it puts them.")
    with closing(Engine(source)) as engine:
        engine.copy_to(path)
    with closing(open_database(path, create=False)) as copy:
        findings = verify_ledger(copy)
        if findings:
            raise LedgerError(f"{source} is no sound backup: {_summary(findings)}. Nothing was changed. Take another.")
        _refuse_other_history(source, copy, known)
        return Copy(source, copy.head(), source.stat().st_size)


def is_copy_of(database: Database, path: Path) -> bool:
    """Whether a file is a ledger whose newest audit row the open ledger has too."""
    try:
        with closing(Engine(path)) as engine:
            seq, digest = newest_head(engine)
    except LedgerError:
        return False
    return bool(seq) and database.hash_at(seq) == digest


def _summary(findings: Sequence[Finding]) -> str:
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{findings[0]}{more}"


def _refuse_other_history(source: Path, copy: Database, known: Sequence[Head]) -> None:
    if not known or copy.hash_at(known[-1][0]) == known[-1][1]:
        return
    newest = copy.head()
    if newest in known or any(copy.hash_at(seq) == digest for seq, digest in known):
        behind = known[-1][0] - newest[0]
        what = f"is older than what this home wrote last, by at least {behind} rows of its audit trail"
    else:
        what = "tells another history than the one that this home wrote"
    raise LedgerError(
        f"{source} {what}. Nothing was changed: what happened since would be unknown, orders included. Take a newer "
        "backup, or make a fresh ledger from what the broker knows with `tradebot rebuild`."
    )
