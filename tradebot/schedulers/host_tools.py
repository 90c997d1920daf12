"""The tools and folders of the host's schedulers: run, written, read and cleared."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.home.atomic_files import replacement
from tradebot.schedulers.rules import SchedulerFile

#: Seconds that the tool of a scheduler may take.
_TOOL_TIMEOUT = 60
#: The encoding of the tools' input and output, whatever the locale; that of Windows' tools is the terminal's.
_TOOL_ENCODING = "oem" if os.name == "nt" else "utf-8"


def write_files(files: Sequence[SchedulerFile], folder: Path) -> tuple[Path, ...]:
    """Write files into a folder, each whole or not at all. Returns their paths. Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            with replacement((folder / file.name).resolve()) as new:
                new.write_bytes(file.content)
    except OSError as error:
        raise schedule_error(f"{folder} cannot be written: {error.strerror}", "Check the folder's owner.") from error
    return tuple(folder / file.name for file in files)


def different_files(files: Sequence[SchedulerFile], folder: Path) -> list[str]:
    """The files that are missing in ``folder`` or have another text, as messages."""
    there = read_files(folder, [file.name for file in files])
    return [
        f"{folder / file.name} is not what `tradebot schedule install` would write now"
        if file.name in there
        else f"{folder / file.name} is missing"
        for file in files
        if there.get(file.name) != file.content
    ]


def user_units() -> Path:
    """The folder of the user's units of systemd. Raises ConfigError."""
    from platformdirs import user_config_path

    return _of_the_user(user_config_path) / "systemd" / "user"


def user_agents() -> Path:
    """The folder of the user's agents of launchd. Raises ConfigError."""
    return _of_the_user(Path.home) / "Library" / "LaunchAgents"


def _of_the_user(folder: Callable[[], Path]) -> Path:
    """A folder of the user's. Raises ConfigError for a user without one."""
    try:
        return folder()
    except RuntimeError as error:
        raise schedule_error("this user has no folder of its own", "Set HOME, or write files with --dir.") from error


def delete(folder: Path, names: Sequence[str]) -> int:
    """Delete the files among ``names`` that exist, and return how many. Raises ConfigError."""
    there = [folder / name for name in names if (folder / name).exists()]
    try:
        for path in there:
            path.unlink()
    except OSError as error:
        raise schedule_error(f"{path} cannot be removed: {error.strerror}", "Check the folder's owner.") from error
    return len(there)


def read_files(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The readable files among ``names``."""
    files = {}
    for name in names:
        with suppress(OSError):
            files[name] = (folder / name).read_bytes()
    return files


def run_tool(*command: str, stdin: str | None = None, empty_error: str = "", must_succeed: bool = True) -> str:
    """Run the tool of a scheduler and return its output. Raises ConfigError if it is missing, hangs or fails.

    empty_error: part of the error message by which the tool says that nothing is installed; the output is then "".
    """
    path = shutil.which(command[0])
    if path is None:
        raise schedule_error(
            f"there is no {command[0]} here", "Install it, choose another --for, or write files with --dir."
        )
    try:
        finished = subprocess.run(
            (path, *command[1:]),
            input=stdin,
            capture_output=True,
            encoding=_TOOL_ENCODING,
            errors="surrogateescape",
            timeout=_TOOL_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise schedule_error(f"{command[0]} did not answer: {type(error).__name__}", "Try it by hand.") from error
    if finished.returncode and must_succeed:
        if empty_error and empty_error in finished.stderr:
            return ""
        message = (finished.stderr or finished.stdout).strip() or f"exit code {finished.returncode}"
        raise schedule_error(f"`{' '.join(command)}` failed: {message}", "Mend that, or write files with --dir.")
    return finished.stdout


def schedule_error(what: str, fix: str) -> ConfigError:
    """An error about what starts the jobs."""
    return ConfigError([Problem("schedule", what, fix)])
