"""Small files that survive a crash and a power cut."""

from __future__ import annotations

import os
from pathlib import Path

from tradebot.errors import ConfigError, Problem


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old text or the new one, never a part. Raises OSError."""
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
    """Make a folder and those above it, to stay. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring to disk which files a folder has. Raises OSError."""
    if os.name == "nt":
        return  # Windows opens no folder, and writes its entries by itself
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_error_text(path: Path, error: OSError, chosen_by: str = "--home", instead: str = "") -> ConfigError:
    """What to tell the user when ``path`` could not be written, whose folder is ``chosen_by`` an option or setting.

    ``instead`` is what to do where another folder would be no help.
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
