"""The fingerprint of a strategy: which files of its folder can decide, and the digest over them and its parameters.

Every file of the folder and of the folders in it can decide, code and data alike, but these: caches, what is hidden,
notebooks and their copies, what editors leave behind, logs, and documentation. docs/writing-a-strategy.md states the
rule for people.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.manifest import MANIFEST
from tradebot.strategy_api import ParamValue

#: Names, in lower case, of files and folders that decide nothing.
NOT_DECIDING = (
    ".*",  # hidden: .git, .ipynb_checkpoints, .venv, .DS_Store
    *("__pycache__", "*.pyc", "*.pyo"),
    "*.ipynb",
    *("*~", "#*#", "*.bak", "*.orig", "*.rej", "*.swp", "*.swo", "*.tmp"),
    *("thumbs.db", "desktop.ini"),
    "*.log",
    *("*.md", "*.rst"),
)
#: More or larger files are refused: each command reads them all.
MAX_FILES = 10_000
MAX_BYTES = 1_000_000_000
DIGITS = 12  # hexadecimal, of a SHA-256

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a strategy decides by, as digests."""

    text: str  # the version and the first digits of the digest over the files and the parameters that were changed
    earlier: str  # by the rule of ledgers before schema 5: .py files and the manifest alone; "" with other parameters
    files: Mapping[str, str]  # the first digits of each file's own digest, by its path in the folder


def fingerprint(folder: Path, version: str, changed: Mapping[str, ParamValue] | None = None) -> Fingerprint:
    """The fingerprint of the strategy in ``folder``.

    changed: the parameters whose values differ from the manifest's defaults.

    Raises ConfigError if a file or folder cannot be read, or if there are too many or too large ones.
    """
    try:
        paths = sorted(_deciding(folder))
        _refuse_too_large(folder, paths)
        digest, files = _digest(folder, paths)
        before = sorted({*(path for path in folder.rglob("*.py") if path.is_file()), folder / MANIFEST})
        earlier = digest.copy() if before == paths else _digest(folder, before)[0]
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise ConfigError([Problem(str(error.filename or folder), what, "Make it readable, or remove it.")]) from None
    if changed:
        digest.update(json.dumps(dict(sorted(changed.items()))).encode())
    return Fingerprint(_text(version, digest), "" if changed else _text(version, earlier), files)


def deciding_files(folder: Path) -> Mapping[str, str]:
    """The first digits of the digest of each file that can decide, by its path in the folder. Raises OSError."""
    return _digest(folder, sorted(_deciding(folder)))[1]


def _text(version: str, digest: hashlib._Hash) -> str:
    return f"{version}+{digest.hexdigest()[:DIGITS]}"


def _deciding(folder: Path) -> Iterator[Path]:
    """The files that can decide. A link counts as what it points at; a device, a pipe and a broken link do not count.

    Raises OSError for a folder that cannot be read.
    """
    entered: set[str] = set()  # a link may lead back into a folder above it
    for top, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        real = os.path.realpath(top)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if _can_decide(name))
        for path in (Path(top, name) for name in names if _can_decide(name)):
            try:
                mode = path.stat().st_mode
            except FileNotFoundError:
                continue
            if stat.S_ISREG(mode):
                yield path


def _can_decide(name: str) -> bool:
    return not any(fnmatchcase(name.lower(), pattern) for pattern in NOT_DECIDING)


def _raise(error: OSError) -> None:
    raise error


def _refuse_too_large(folder: Path, paths: list[Path]) -> None:
    fix = "Keep there what the strategy decides by alone, or hide the rest in a folder whose name begins with a dot."
    if len(paths) > MAX_FILES:
        what = f"has {len(paths):,} files, and {MAX_FILES:,} are the most that a strategy may decide by"
        raise ConfigError([Problem(str(folder), what, fix)])
    sizes = {path: path.stat().st_size for path in paths}
    if sum(sizes.values()) > MAX_BYTES:
        largest = max(sizes, key=sizes.__getitem__)
        what = f"has files of {sum(sizes.values()):,} bytes, {largest.name} the largest, and {MAX_BYTES:,} are the most"
        raise ConfigError([Problem(str(folder), what, fix)])


def _digest(folder: Path, paths: Iterable[Path]) -> tuple[hashlib._Hash, dict[str, str]]:
    """The digest over names and contents, and the first digits of that of each content."""
    whole, files = hashlib.sha256(), {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        own = hashlib.sha256()
        with path.open("rb") as file:
            whole.update(f"{name}\0{os.fstat(file.fileno()).st_size}\0".encode(errors="surrogateescape"))
            while chunk := file.read(_CHUNK):
                own.update(chunk)
                whole.update(chunk)
        files[name.encode(errors="backslashreplace").decode()] = own.hexdigest()[:DIGITS]
    return whole, files
