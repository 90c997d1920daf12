"""The ledger's chain heads, kept outside the database: a chain that was cut off or rewritten no longer holds them."""

from __future__ import annotations

import os
from pathlib import Path

from tradebot.home.durable import make_folder


def append(path: Path, head: str) -> None:
    """Write down the chain's newest hash, unless it is the newest there already. Raises OSError."""
    known = read(path)
    if known and known[-1] == head:
        return
    make_folder(path.parent)
    with path.open("a", encoding="ascii") as file:
        file.write(head + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> tuple[str, ...]:
    """The heads written down, oldest first; a line torn by a crash is left out."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(line for line in lines if len(line) == 64)
