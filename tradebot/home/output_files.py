"""Files that a command writes where its user says: --out, --csv, --dir and their like.

An output file never takes the place of a file of the home. It takes the place of an existing file only if that is one
of its own kind, or with --force. The old file stays whole until the new one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import UsageError
from tradebot.home.atomic_files import replacement
from tradebot.settings import Loaded
from tradebot.settings.home_files import Use, use_of

#: The bytes of an existing file that show its kind.
_HEAD = 2**20


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of output file."""

    noun: str  # such as "an incident report"
    is_one: Callable[[bytes], bool]  # by the first bytes of an existing file, at most 1 MiB
    forced: bool = True  # whether --force replaces a file of another kind


def output_path(
    path: Path, option: str, loaded: Loaded, kind: Kind | None = None, *, force: bool = False, use: Use | None = None
) -> Path:
    """The path to write to, links resolved. Call it before the work whose result goes there.

    ``kind`` is None for a folder into which files of their own kinds are put. ``use`` is the one that the home may have
    for the path, such as prices for a file of prices. Raises UsageError for a path of the home,
    whatever ``force`` says; for what is no plain file; and without ``force`` for an existing file of another kind.
    """
    others = [each for each in use_of(path, loaded.settings, loaded.env_file) if each is not use]
    if others:
        raise UsageError(f"{path} is {others[0]}, and nothing is written there. Give {option} another place.")
    if kind is not None:
        _refuse_other_kind(path, option, kind, force=force)
    return path.resolve()


@contextmanager
def replacing(path: Path, option: str) -> Iterator[Path]:
    """Write the file at ``path``, which ``output_path`` gave: yields the path of a new file that then replaces it.

    Raises UsageError if it cannot be written; then the old file stays.
    """
    try:
        with replacement(path) as temporary:
            yield temporary
    except OSError as error:
        raise _unusable(path, option, "written", error) from error


def write_output(path: Path, text: str, option: str, *, mode: int | None = None) -> None:
    """Write a text to ``path``, which ``output_path`` gave. Raises UsageError; then the old file stays.

    mode: of the new file; None: as the user's umask has it.
    """
    with replacing(path, option) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
        if mode is not None:
            temporary.chmod(mode)


def _refuse_other_kind(path: Path, option: str, kind: Kind, *, force: bool) -> None:
    try:
        if not path.exists():
            return
        if not path.is_file():
            raise UsageError(f"{path} is no plain file. Give {option} the name of one.")
        if force or not path.stat().st_size:
            return
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise _unusable(path, option, "read", error) from error
    if not kind.is_one(head):
        other = ", or --force to replace that file" if kind.forced else ""
        raise UsageError(
            f"{path} exists and is not {kind.noun} as this command writes it. Give another name for {option}{other}."
        )


def _unusable(path: Path, option: str, how: str, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be {how}: {error.strerror or error}. Give another name for {option}.")
