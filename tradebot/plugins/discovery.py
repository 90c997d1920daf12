"""Where strategies are found: the user's own folders, those shipped, and those that installed packages offer.

The first of a name wins, so a folder of one's own may stand in for a shipped strategy; its origin then says so. A copy
that was not changed stands in for nothing: a clone holds the strategies that its installed package ships.
Nothing of a strategy is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from filecmp import cmpfiles
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.manifest import MANIFEST, nearest

ENTRY_POINT_GROUP = "tradebot.strategies"

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Found:
    """A strategy's name and the folder of its manifest. ``folder`` is None when its package holds no such folder."""

    name: str
    folder: Path | None
    origin: str


def shipped_folder() -> Path:
    """The folder of the shipped strategies: inside an installed package, or beside the package in a clone."""
    installed = _PACKAGE / "shipped_strategies"
    return installed if installed.is_dir() else _PACKAGE.parent / "strategies"


def discover(directories: Sequence[Path]) -> tuple[Found, ...]:
    """Every strategy there is, by name. ``directories`` are the user's own, searched in this order and first.

    A directory that does not exist is empty; one that cannot be read raises ConfigError.
    """
    chosen: dict[str, Found] = {}
    for found in _everywhere(directories):
        first = chosen.get(found.name)
        if first is None or _is_copy(first.folder, found.folder):
            chosen[found.name] = found
        elif first.folder != found.folder:
            chosen[found.name] = replace(first, origin=f"{first.origin}, instead of {found.origin}")
    return tuple(chosen[name] for name in sorted(chosen))


def find(names: Iterable[str], directories: Sequence[Path]) -> tuple[Found, ...]:
    """The strategies of these names, in their order, each once. Raises ConfigError naming every one that is unknown."""
    known = {found.name: found for found in discover(directories)}
    wanted = tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(_unknown(name, known, directories) for name in unknown)
    return tuple(known[name] for name in wanted)


def _unknown(name: str, known: Iterable[str], directories: Sequence[Path]) -> Problem:
    bare = next((directory / name for directory in directories if (directory / name).is_dir()), None)
    if bare is not None:
        return Problem(str(bare), f"there is no {MANIFEST}", "Write one; docs/writing-a-strategy.md shows how.")
    return Problem("STRATEGIES", f"there is no strategy {name!r}", nearest(name, known, "strategies"))


def _everywhere(directories: Sequence[Path]) -> Iterator[Found]:
    shipped = shipped_folder().resolve()
    for directory in directories:
        if directory.resolve() != shipped:
            yield from _in_directory(directory, "")
    yield from _in_directory(shipped, "shipped")
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: (entry.name, entry.value)):
        yield Found(entry.name, _folder_of(entry.module), _package_of(entry))


def _in_directory(directory: Path, origin: str) -> Iterator[Found]:
    try:
        folders = sorted(child for child in directory.iterdir() if (child / MANIFEST).is_file())
    except FileNotFoundError:
        return
    except OSError as error:
        what = f"strategies cannot be read from here ({error.strerror})"
        where = str(error.filename or directory)
        raise ConfigError([Problem(where, what, "Point STRATEGIES_DIR at a readable folder.")]) from None
    for folder in folders:
        yield Found(folder.name, folder.resolve(), origin or f"your {folder}")


def _is_copy(one: Path | None, other: Path | None) -> bool:
    """Whether two folders hold the same strategy, letter by letter."""
    if one is None or other is None or one == other:
        return False
    names = _files(one)
    return names == _files(other) and not any(cmpfiles(one, other, names, shallow=False)[1:])


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def _package_of(entry: EntryPoint) -> str:
    return f"package {entry.dist.name} {entry.dist.version}" if entry.dist else f"entry point {entry.value}"


def _folder_of(module: str) -> Path | None:
    """The folder that holds the manifest of an installed package's module, found without importing any of it."""
    top, *inner = module.split(".")
    try:
        spec = find_spec(top)
    except ValueError:
        return None
    if spec is None:
        return None
    roots = [Path(root) for root in spec.submodule_search_locations or ()]
    for place in (root.joinpath(*inner) for root in roots):
        folder = place.parent if place.with_suffix(".py").is_file() else place
        if (folder / MANIFEST).is_file():
            return folder.resolve()
    return None
