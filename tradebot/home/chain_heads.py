"""The ledger's chain heads, kept outside the database: a chain that was cut off or rewritten no longer holds them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.home.atomic_files import make_folder

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
    make_folder(path.parent)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{seq} {digest}\n")
        file.flush()
        os.fsync(file.fileno())


def newest(path: Path) -> Head | None:
    """The head written down last, or None where there is none. Raises LedgerError as ``read`` does."""
    found = _heads(_content(path, _TAIL))
    return found[-1] if found else None


def read(path: Path) -> tuple[Head, ...]:
    """The heads written down, oldest first. Raises LedgerError where they are there and cannot be read."""
    return _heads(_content(path))


def _content(path: Path, most: int | None = None) -> str:
    """What the file holds, or its last ``most`` bytes; "" where there is none."""
    try:
        with path.open("rb") as file:
            if most is not None:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - most))
            return file.read().decode("ascii", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise LedgerError(
            f"The ledger's chain heads in {path} cannot be read: {error.strerror or error}. Nothing is sent, because "
            "nobody can tell whether its history was cut off. Let this user read the file, or make a fresh ledger from "
            "what the broker knows with `tradebot rebuild`."
        ) from error


def _heads(text: str) -> tuple[Head, ...]:
    """A line torn by a crash, or cut off by reading the end alone, is left out."""
    words = (line.split() for line in text.splitlines())
    return tuple(Head(int(found[0]), found[1]) for found in words if len(found) == 2 and len(found[1]) == 64)
