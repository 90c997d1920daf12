"""Trying on a drive what a home needs of it: locks that exclude, and data that is on the disk when the system says so.

Network drives, shared folders of virtual machines and some FUSE file systems lack one or the other.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tradebot.home.atomic_files import sync_folder

_MOUNTS = Path("/proc/self/mountinfo")  # proc(5)


def trouble(folder: Path) -> str:
    """Why the drive of a folder does not do for a home; "" if it does. Writes a file there and removes it."""
    trial = folder / f".tradebot-trial-{os.getpid()}"
    try:
        with trial.open("wb") as file:
            why = _lock_trouble(file.fileno(), trial)
            if why:
                return why
            file.write(b"trial")
            file.flush()
            try:
                os.fsync(file.fileno())
                sync_folder(folder)
            except OSError as error:
                return f"what is written cannot be synced to the disk ({error.strerror or error})"
    except OSError as error:
        return f"no file can be written ({error.strerror or error})"
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
    return ""


def _lock_trouble(descriptor: int, path: Path) -> str:
    """Why a second lock on a locked file is not refused; "" if it is."""
    if os.name == "nt":
        return ""  # the locks of Windows are those of the database, which are tried there
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return f"files cannot be locked ({error.strerror or error})"
    with path.open("rb") as second:
        try:
            fcntl.flock(second.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return ""
        except OSError as error:
            return f"files cannot be locked ({error.strerror or error})"
    return "its locks do not exclude each other"


def name_of(folder: Path) -> str:
    """The drive of a folder for people: where it is mounted, and its file system where the system tells it."""
    folder = folder.resolve()
    if os.name == "nt":
        return folder.drive or str(folder)
    point = next(place for place in (folder, *folder.parents) if place.is_mount() or place == place.parent)
    kind = ""
    with suppress(OSError, IndexError):
        for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            mount, _, source = line.partition(" - ")
            if mount.split()[4].encode().decode("unicode_escape") == str(point):
                kind = source.split()[0]  # the last one of several is on top
    return f"{point} ({kind})" if kind else str(point)
