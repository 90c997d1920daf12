"""Copies of the ledger that are checked before anybody relies on them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding
from tradebot.ledger.verify import verify

#: A row of the audit trail: its number and its hash.
Head = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was opened and verified: its newest audit row, and its size in bytes."""

    path: Path
    head: Head
    size: int


def save(database: Database, path: Path) -> Copy:
    """Copy the ledger as it stands at one moment into ``path``, one file, while jobs go on writing; then prove it.

    Raises LedgerError when it cannot be copied or the copy is not sound; what was written so far is removed.
    """
    try:
        database.engine.copy_to(path)
        with closing(open_database(path, create=False)) as copy:
            findings, head = verify(copy), copy.head()
        if findings:
            raise LedgerError(
                f"The copy is not sound, because the ledger {database.path} is not: {findings[0]}. Older backups were "
                "left alone. `tradebot verify` says more."
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Copy(path, head, path.stat().st_size)


def take(source: Path, path: Path, known: Sequence[Head]) -> Copy:
    """Copy a backup into ``path``, bring it up to date and prove it. The backup itself is not touched.

    ``known`` are the heads that runs left outside the ledger, oldest first. Raises LedgerError for a file that is
    damaged, cut off or changed, that is older than the newest of those, or that tells another history.
    """
    if not source.is_file():
        raise LedgerError(f"There is no backup {source}. `tradebot backup` says where it puts them.")
    with closing(Engine(source)) as engine:
        engine.copy_to(path)
    with closing(open_database(path, create=False)) as copy:
        findings = verify(copy)
        if findings:
            raise LedgerError(f"{source} is no sound backup: {_said(findings)}. Nothing was changed. Take another.")
        _refuse_another_past(source, copy, known)
        return Copy(source, copy.head(), source.stat().st_size)


def _said(findings: Sequence[Finding]) -> str:
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{findings[0]}{more}"


def _refuse_another_past(source: Path, copy: Database, known: Sequence[Head]) -> None:
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
