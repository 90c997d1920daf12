"""The ledger's chain heads, kept outside the database: a chain that was cut off or rewritten no longer holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.home import append_log

#: More than a line takes, so that the newest one can be read without the rest.
_TAIL = 256


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row of the audit trail at some moment: its number and its hash."""

    seq: int
    hash: str


def append(path: Path, seq: int, digest: str) -> None:
    """Write down the chain's newest row, unless it is the newest there already. Raises OSError and LedgerError."""
    if newest(path) == Head(seq, digest):
        return
    append_log.append(path, f"{seq} {digest}")


def newest(path: Path) -> Head | None:
    """The head written down last, or None where there is none. Raises LedgerError as ``read`` does."""
    found = _heads(path, _TAIL)
    return found[-1] if found else None


def read(path: Path) -> tuple[Head, ...]:
    """The heads written down, oldest first. Raises LedgerError where they are there and cannot be read."""
    return _heads(path)


def _heads(path: Path, last_bytes: int | None = None) -> tuple[Head, ...]:
    try:
        lines = append_log.read_lines(path, last_bytes=last_bytes)
    except OSError as error:
        raise LedgerError(
            f"The ledger's chain heads in {path} cannot be read: {error.strerror or error}. Nothing is sent, because "
            "nobody can tell whether its history was cut off. Let this user read the file, or make a fresh ledger from "
            "what the broker knows with `tradebot rebuild`."
        ) from error
    fields = (line.split() for line in lines)
    return tuple(Head(int(pair[0]), pair[1]) for pair in fields if len(pair) == 2 and len(pair[1]) == 64)
