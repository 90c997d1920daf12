"""Verified copies of the ledger: made from it, or read back from a backup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tradebot.core.model.history_keys import account_of
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import LedgerError
from tradebot.ledger.audit import GENESIS, Head, heads
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.findings import Finding
from tradebot.ledger.open_engine import open_engine
from tradebot.ledger.verify import verify_ledger


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the ledger that was opened and verified."""

    path: Path
    heads: Mapping[str, Head]  # the newest audit row of each account, by its key
    size: int  # bytes


def make_backup(database: Database, path: Path) -> Copy:
    """Copy the ledger as of one moment into the single file ``path`` while jobs go on writing, and verify the copy.

    Raises LedgerError if the ledger cannot be copied or the copy is not sound; the file is then removed.
    """
    try:
        database.engine.copy_to(path)
        with closing(open_database(path, create=False)) as copy:
            findings, newest = verify_ledger(copy), copy.heads()
        if findings:
            raise LedgerError(
                f"The copy is not sound, because the ledger {database.location} is not: {findings[0]}. Older backups "
                "were left alone. `tradebot verify` says more."
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Copy(path, newest, path.stat().st_size)


def copy_backup(source: Path, path: Path, known: Mapping[str, Sequence[Head]]) -> Copy:
    """Copy a backup into ``path``, migrate the copy to the current schema and verify it. The backup is not changed.

    ``known``: the chain heads stored outside the ledger, oldest first, by account (see ``account_hash``).
    Raises LedgerError if the backup is damaged, cut off or changed, if it is older than the newest known head, or if
    its history is another one.
    """
    if not source.is_file():
        raise LedgerError(f"There is no backup {source}. `tradebot backup` says where it puts them.")
    with closing(open_engine(source)) as engine:
        engine.copy_to(path)
    with closing(open_database(path, create=False)) as copy:
        findings = verify_ledger(copy)
        if findings:
            raise LedgerError(f"{source} is no sound backup: {_summary(findings)}. Nothing was changed. Take another.")
        _refuse_other_history(source, copy, known)
        return Copy(source, copy.heads(), source.stat().st_size)


def is_copy_of(database: Database, path: Path) -> bool:
    """Whether a file is a ledger of which the open ledger has the newest audit row of every account."""
    try:
        with closing(open_engine(path)) as engine:
            newest = heads(engine)
    except LedgerError:
        return False
    return bool(newest) and all(database.has_row(head) for head in newest.values())


def _summary(findings: Sequence[Finding]) -> str:
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{findings[0]}{more}"


def _refuse_other_history(source: Path, copy: Database, known: Mapping[str, Sequence[Head]]) -> None:
    heads = {account_hash(account_of(key)): head for key, head in copy.heads().items()}
    for account, theirs in known.items():
        if not copy.has_row(theirs[-1]):
            newest = heads.get(account) or max(heads.values(), default=(0, GENESIS))
            _refuse(source, copy, theirs, newest)


def _refuse(source: Path, copy: Database, known: Sequence[Head], newest: Head) -> NoReturn:
    if newest in known or any(copy.has_row(head) for head in known):
        behind = known[-1][0] - newest[0]
        what = f"is older than what this home wrote last, by at least {behind} rows of its audit trail"
    else:
        what = "tells another history than the one that this home wrote"
    raise LedgerError(
        f"{source} {what}. Nothing was changed: what happened since would be unknown, orders included. Take a newer "
        "backup, or make a fresh ledger from what the broker knows with `tradebot rebuild`."
    )
