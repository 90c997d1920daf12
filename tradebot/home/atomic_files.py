"""Writing small files so that they survive a crash or a power cut."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.home.regular_files import NotRegularFile

#: A file system without a call answers it with one of these; CIFS, drvfs and some FUSE cannot flush a folder.
_WITHOUT_THE_CALL = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Replace a file atomically: yields the path of a new file, which takes the place of ``path`` at the end.

    A reader sees the old content or the new, never a part; if the block fails, the old stays. Raises OSError.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)  # of a process that had this id before
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Replace a file by a text in UTF-8, atomically; line ends stay as they are. Raises OSError.

    A byte of a path that is no UTF-8, a surrogate in the text (PEP 383), is written as that byte.
    """
    with replacement(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def make_folder(folder: Path) -> None:
    """Create a folder and its parents and flush their entries to disk. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, where its file system can. Raises OSError."""
    if os.name == "nt":
        return  # Windows cannot open a folder; NTFS journals folder entries
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _WITHOUT_THE_CALL:
            raise
    finally:
        os.close(descriptor)


def write_error_text(path: Path, error: OSError, chosen_by: str = "--home", instead: str = "") -> ConfigError:
    """The error for a ``path`` that could not be written.

    chosen_by: the option or setting that chooses the folder.
    instead: the remedy if another folder would not help.
    """
    what = f"it cannot be written: {error.strerror or error}"
    fix = instead or f"Choose another folder with {chosen_by}, or give yourself the right to write here."
    if isinstance(error, NotRegularFile):
        fix = "Remove it, then run this again: tradebot makes a file of its own there."
    elif place := _no_folder_above(path):
        leads_nowhere = place.is_symlink() and not place.exists()
        what = f"it cannot be written: {place} is {'a link to nowhere' if leads_nowhere else 'a file'}, not a folder"
        mend = "mount the drive that it leads to, or remove it" if leads_nowhere else "move it away"
        fix = instead or f"Choose another folder with {chosen_by}, or {mend}, then run this again."
    return ConfigError([Problem(str(path), what, fix)])


def _no_folder_above(path: Path) -> Path | None:
    """What stands in the place of a folder above ``path``: a file, or a link to nowhere."""
    return next((each for each in path.parents if os.path.lexists(each) and not os.path.isdir(each)), None)  # noqa: PTH112 - it never raises
