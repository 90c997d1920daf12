"""Discovery of strategies: in the user's folders, among the shipped ones, and in installed packages, in this order.

The first strategy of a name is used, and its origin names the one that it replaces. An unchanged copy replaces nothing:
a clone contains the strategies that its installed package ships. No module of a strategy is imported here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.fingerprint import deciding_files
from tradebot.plugins.manifest import MANIFEST, suggestion

ENTRY_POINT_GROUP = "tradebot.strategies"

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class FoundStrategy:
    """A strategy whose manifest has not been read."""

    name: str
    folder: Path | None  # the folder of its manifest; None if its package has none
    origin: str  # text for people: "shipped", "your FOLDER", "package NAME VERSION"


def shipped_folder() -> Path:
    """The folder of the shipped strategies: inside the installed package, or beside the package in a clone."""
    installed = _PACKAGE / "shipped_strategies"
    return installed if installed.is_dir() else _PACKAGE.parent / "strategies"


def discover(directories: Sequence[Path]) -> tuple[FoundStrategy, ...]:
    """All strategies, sorted by name. The user's ``directories`` are searched first, in this order.

    A missing directory is empty. Raises ConfigError if one cannot be read.
    """
    chosen: dict[str, FoundStrategy] = {}
    for strategy in _all_strategies(directories):
        first = chosen.get(strategy.name)
        if first is None or _is_copy(first.folder, strategy.folder):
            chosen[strategy.name] = strategy
        elif first.folder != strategy.folder:
            chosen[strategy.name] = replace(first, origin=f"{first.origin}, instead of {strategy.origin}")
    return tuple(chosen[name] for name in sorted(chosen))


def find(names: Iterable[str], directories: Sequence[Path]) -> tuple[FoundStrategy, ...]:
    """The strategies of these names, in their order, without duplicates. Raises ConfigError with all unknown names."""
    known = {strategy.name: strategy for strategy in discover(directories)}
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(_unknown_name(name, known, directories) for name in unknown)
    return tuple(known[name] for name in wanted)


def _unknown_name(name: str, known: Iterable[str], directories: Sequence[Path]) -> Problem:
    bare = next((directory / name for directory in directories if (directory / name).is_dir()), None)
    if bare is not None:
        return Problem(str(bare), f"there is no {MANIFEST}", "Write one; docs/writing-a-strategy.md shows how.")
    return Problem("STRATEGIES", f"there is no strategy {name!r}", suggestion(name, known, "strategies"))


def _all_strategies(directories: Sequence[Path]) -> Iterator[FoundStrategy]:
    shipped = shipped_folder().resolve()
    for directory in directories:
        if directory.resolve() != shipped:
            yield from _in_directory(directory, "")
    yield from _in_directory(shipped, "shipped")
    for entry in _entry_points(tuple(sys.path)):
        yield FoundStrategy(entry.name, _folder_of(entry.module), _package_of(entry))


@lru_cache(maxsize=1)
def _entry_points(path: tuple[str, ...]) -> list[EntryPoint]:
    """The strategies of the installed packages on ``path``, which is sys.path: reading all packages takes 20 ms."""
    return sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: (entry.name, entry.value))


def _in_directory(directory: Path, origin: str) -> Iterator[FoundStrategy]:
    try:
        folders = sorted(child for child in directory.iterdir() if (child / MANIFEST).is_file())
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not os.path.lexists(directory):
            return  # a home that cannot be made is told by what makes it
        what = f"strategies cannot be read from here ({error.strerror})"
        where = str(error.filename or directory)
        raise ConfigError([Problem(where, what, "Point STRATEGIES_DIR at a readable folder.")]) from None
    for folder in folders:
        yield FoundStrategy(folder.name, folder.resolve(), origin or f"your {folder}")


def _is_copy(one: Path | None, other: Path | None) -> bool:
    """Whether two folders contain the same files that decide, byte for byte."""
    if one is None or other is None or one == other:
        return False
    try:
        return deciding_files(one) == deciding_files(other)
    except OSError:  # reading the strategy reports it
        return False


def _package_of(entry: EntryPoint) -> str:
    return f"package {entry.dist.name} {entry.dist.version}" if entry.dist else f"entry point {entry.value}"


def _folder_of(module: str) -> Path | None:
    """The folder of the manifest of an installed package's module, found without importing the module."""
    top, *inner = module.split(".")
    try:
        spec = find_spec(top)
    except ValueError:
        return None
    if spec is None:
        return None
    roots = [Path(root) for root in spec.submodule_search_locations or ()]
    for path in (root.joinpath(*inner) for root in roots):
        folder = path.parent if path.with_suffix(".py").is_file() else path
        if (folder / MANIFEST).is_file():
            return folder.resolve()
    return None
