"""Places that are emptied without asking: a schedule names none of them, because its entries outlive them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tradebot.errors import Problem
from tradebot.home import paths
from tradebot.schedulers.rules import Setup

#: The first bytes of the file that marks a cache (https://bford.info/cachedir/).
_CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
#: Folders that systems empty at each start.
_EMPTIED = tuple(map(Path, ("/dev/shm", "/run/user", "/private/tmp")))
#: Names of folders that hold only what can be made again, and pip's own folders for a build.
_CACHES = re.compile(
    r"\.cache|__pycache__|caches|\.tox|\.nox|pip-(build-env|ephem|install|modern|req|run)\S*", re.IGNORECASE
)

_FIX = (
    "Install tradebot in a place that stays (`pipx install`, `uv tool install` or a virtual environment), and schedule "
    "it from there."
)
_MOVE = "Move it to a place that stays."


def problems(setup: Setup, package: Path, temporary: Sequence[Path]) -> Iterator[Problem]:
    """What the entries of a home would name and the system may remove.

    package: the folder of the program's code. temporary: the system's folders for temporary files.
    """
    for path in (Path(setup.program[0]), package):
        if why := _why(path, temporary):
            yield Problem("schedule", f"it would start {path}, which lies in {why}", _FIX)
            break
    for where, place in (("home", str(setup.home)), *setup.environment.items()):
        if why := _why(Path(place), temporary):
            yield Problem(where, f"{place} lies in {why}", _MOVE)


def _why(path: Path, temporary: Sequence[Path]) -> str:
    """The temporary place that holds ``path``; "" if none does."""
    path = paths.from_text(str(path))  # an entry has it in UTF-8, in any locale
    for folder in (path, *path.parents, *path.resolve().parents):
        if folder in temporary or folder in _EMPTIED:
            return f"{folder}, whose files are temporary"
        if _CACHES.fullmatch(folder.name) or _is_marked(folder):
            return f"the cache {folder}"
        if folder.name in ("build", "dist") and (folder.parent / "pyproject.toml").exists():
            return f"the build folder {folder}"
    return ""


def _is_marked(folder: Path) -> bool:
    """Whether a folder is marked as a cache. Virtual environments carry the mark too, so that no backup has them."""
    try:
        with (folder / "CACHEDIR.TAG").open("rb") as file:
            marked = file.read(len(_CACHE_SIGNATURE)) == _CACHE_SIGNATURE
        return marked and not (folder / "pyvenv.cfg").exists()
    except OSError:
        return False
