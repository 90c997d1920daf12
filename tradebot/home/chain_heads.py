"""Chain heads of the ledger, stored outside the database: an audit trail that was cut off or rewritten lacks them.

An append-only file of lines ``SEQ HASH ACCOUNT``, the account as its hash. Lines of earlier versions name no account.
An incomplete line is ignored: the heads before it still hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.home import append_log

_HASH_LENGTH, _ACCOUNT_LENGTH = 64, 8


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest row of an account's audit trail at some time."""

    seq: int  # its number
    hash: str  # its SHA-256, 64 hexadecimal digits
    account: str = ""  # the hash of the account's key; "" in a line of an earlier version


def append_head(path: Path, head: ChainHead) -> bool:
    """Append a chain head; False if it is the newest of its account already. Raises OSError and LedgerError."""
    newest = newest_heads(path)
    if (head.seq, head.hash) in [(newest[of].seq, newest[of].hash) for of in (head.account, "") if of in newest]:
        return False
    append_log.append(path, line_of(head))
    return True


def line_of(head: ChainHead) -> str:
    """The line of a head in the file."""
    return f"{head.seq} {head.hash} {head.account}".rstrip()


def newest_heads(path: Path) -> dict[str, ChainHead]:
    """The newest head of each account, by its hash. Raises LedgerError if the file cannot be read."""
    return {head.account: head for head in read_heads(path)}


def read_heads(path: Path) -> tuple[ChainHead, ...]:
    """The heads, oldest first. Raises LedgerError if the file cannot be read."""
    try:
        lines = append_log.read_lines(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger's chain heads in {path} cannot be read: {error.strerror or error}. Nothing is sent, because "
            "nobody can tell whether its history was cut off. Let this user read the file, or make a fresh ledger from "
            "what the broker knows with `tradebot rebuild`."
        ) from error
    return tuple(ChainHead(int(fields[0]), *fields[1:]) for fields in map(str.split, lines) if _is_head(fields))


def accounts_with_heads(path: Path) -> frozenset[str]:
    """The hashes of the accounts that have heads in the file, or in one that `rebuild` put aside with a lost ledger.

    Raises LedgerError if a file cannot be read.
    """
    files = (path, *path.parent.glob(f"{path.name}.before-rebuild-*"))
    return frozenset(head.account for file in files for head in read_heads(file)) - {""}


def _is_head(fields: list[str]) -> bool:
    is_whole = len(fields) == 2 or (len(fields) == 3 and len(fields[2]) == _ACCOUNT_LENGTH)
    return is_whole and fields[0].isdecimal() and len(fields[1]) == _HASH_LENGTH
