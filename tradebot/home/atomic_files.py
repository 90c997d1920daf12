"""Writing small files so that they survive a crash or a power cut."""

from __future__ import annotations

import os
from pathlib import Path

from tradebot.errors import ConfigError, Problem


def replace_text(path: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old text or the new text, never a part. Raises OSError."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents and flush their entries to disk. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk. Raises OSError."""
    if os.name == "nt":
        return  # Windows cannot open a folder; NTFS journals folder entries
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_error_text(path: Path, error: OSError, chosen_by: str = "--home", instead: str = "") -> ConfigError:
    """The error for a ``path`` that could not be written.

    chosen_by: the option or setting that chooses the folder.
    instead: the remedy if another folder would not help.
    """
    return ConfigError(
        [
            Problem(
                where=str(path),
                what=f"it cannot be written: {error.strerror or error}",
                fix=instead or f"Choose another folder with {chosen_by}, or give yourself the right to write here.",
            )
        ]
    )
