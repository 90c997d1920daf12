"""Chain heads of the ledger, stored outside the database: an audit trail that was cut off or rewritten lacks them.

An append-only file of lines ``SEQ HASH``. An incomplete line is ignored: the heads before it still hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.home import append_log

#: Bytes at the end of the file that hold the newest line.
_TAIL = 256
_HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest row of the audit trail at some time."""

    seq: int  # its number
    hash: str  # its SHA-256, 64 hexadecimal digits


def append_head(path: Path, seq: int, digest: str) -> bool:
    """Append a chain head; False if it is the newest already. Raises OSError and LedgerError."""
    if newest_head(path) == ChainHead(seq, digest):
        return False
    append_log.append(path, f"{seq} {digest}")
    return True


def newest_head(path: Path) -> ChainHead | None:
    """The newest head, or None if there is none. Raises LedgerError if the file cannot be read."""
    heads = _heads(path, _TAIL)
    return heads[-1] if heads else None


def read_heads(path: Path) -> tuple[ChainHead, ...]:
    """The heads, oldest first. Raises LedgerError if the file cannot be read."""
    return _heads(path)


def _heads(path: Path, last_bytes: int | None = None) -> tuple[ChainHead, ...]:
    try:
        lines = append_log.read_lines(path, last_bytes=last_bytes)
    except OSError as error:
        raise LedgerError(
            f"The ledger's chain heads in {path} cannot be read: {error.strerror or error}. Nothing is sent, because "
            "nobody can tell whether its history was cut off. Let this user read the file, or make a fresh ledger from "
            "what the broker knows with `tradebot rebuild`."
        ) from error
    return tuple(ChainHead(int(fields[0]), fields[1]) for fields in map(str.split, lines) if _is_head(fields))


def _is_head(fields: list[str]) -> bool:
    return len(fields) == 2 and fields[0].isdecimal() and len(fields[1]) == _HASH_LENGTH
