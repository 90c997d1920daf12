"""Starts a command of a home in a process of its own, which outlives whatever started it.

The process has a session of its own, the environment of its home alone, no shell, and files for what it writes
(``tradebot.home.command_runs``). A paused, killed or restarted starter neither ends it nor loses sight of it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from tradebot.errors import ConfigError, Problem
from tradebot.home import command_runs, paths, registry
from tradebot.home.command_runs import CommandRun, RunState
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.command_requests import CommandRequest, StopRequest
from tradebot.runtime.home_process import environment_in_home, line_in_home
from tradebot.runtime.known_homes import own_home, settings_of
from tradebot.runtime.own_unit import leave_unit
from tradebot.settings import GlobalOptions

_LOG = logging.getLogger(__name__)
#: The longest that a command is at work, save one that hangs.
_LONGEST = timedelta(minutes=15)
_KEPT_RUN = "tradebot.runtime.kept_run"


@dataclass(frozen=True, slots=True)
class Begun:
    """A command that does what was asked.

    is_new: whether it was started for this request; else one that was at work already does it.
    replaced: the stop that was asked to end, because the new one closes and it does not.
    """

    run: CommandRun
    is_new: bool
    replaced: CommandRun | None = None


def begin(home: Path, options: GlobalOptions, request: CommandRequest) -> Begun:
    """Start a command in a home, or find the run that does the same already.

    A stop that closes does not wait for one that keeps: it begins at once, and the other is asked to end. Raises
    UsageError, and ConfigError for a folder that is no home of this user and for a process that cannot be started.
    """
    arguments = request.arguments
    _check_known(home, options)
    with command_runs.one_starter(home):
        at_work = [run for run in running(home) if run.command == request.command]
        for run in at_work:
            if request.is_met_by(run.arguments) and not _is_stale(run):
                return Begun(run, is_new=False)
        run = _start(home, options, request.command, arguments)
        replaced = at_work if isinstance(request, StopRequest) and request.close_positions else []
        for each in replaced:
            _end(each)
    command_runs.prune(home)
    return Begun(run, is_new=True, replaced=replaced[0] if replaced else None)


def running(home: Path) -> tuple[CommandRun, ...]:
    """The commands of a home that are at work, newest first."""
    return tuple(run for run in command_runs.runs(home) if run.state is RunState.RUNNING)


def _is_stale(run: CommandRun) -> bool:
    """Whether a run is at work for so long that it may be paused or hang. Nobody is left to wait for it."""
    return SystemClock().wall() - run.began > _LONGEST


def _check_known(home: Path, options: GlobalOptions) -> None:
    """Raise ConfigError for a folder that is not the own home and not in the user's list."""
    own = own_home(options)
    if home.resolve() != own and not registry.is_listed(settings_of(own, options).state_path, home):
        what = "it is not in your list of homes, so that no command is started there"
        raise ConfigError([Problem(str(home), what, "Run `tradebot init-db` in it once.")])


def _start(home: Path, options: GlobalOptions, command: str, arguments: tuple[str, ...]) -> CommandRun:
    run = _create(home, command, arguments)
    module = (_KEPT_RUN, str(run.folder))
    line = line_in_home(home, options, command, *arguments, module=module)
    try:
        held = _hold(run)
        try:
            command_runs.announce(run)
            process = _spawn(line, home, options, run, held)
        finally:
            if held is not None:
                os.close(held)
    except OSError as error:
        command_runs.remove(run)
        what = f"`tradebot {command}` could not be started: {error.strerror or error}"
        raise ConfigError([Problem(str(home), what, "Run it in a terminal at once.")]) from error
    Thread(target=process.wait, name=f"end of {process.pid}", daemon=True).start()
    command_runs.write_pid(run, process.pid)
    leave_unit(process.pid)
    _LOG.info("started `tradebot %s` as process %d, followed in %s", command, process.pid, run.folder)
    return run


def _create(home: Path, command: str, arguments: tuple[str, ...]) -> CommandRun:
    """Make the files of the run: in the home, else, as on a full disk, in a folder that this process alone knows."""
    wall = SystemClock().wall()
    try:
        return command_runs.create(paths.commands_folder(home), command, arguments, wall)
    except OSError as error:
        _LOG.warning("the output of `tradebot %s` cannot be kept in %s: %s", command, home, error)
    try:
        return command_runs.create(Path(tempfile.mkdtemp(prefix="tradebot-")), command, arguments, wall)
    except OSError as error:
        what = f"`tradebot {command}` could not be started, as no file can be made for what it says: {error}"
        raise ConfigError([Problem(str(home), what, "Run it in a terminal at once.")]) from error


def _hold(run: CommandRun) -> int | None:
    return None if sys.platform == "win32" else command_runs.hold(run.folder)


def _spawn(
    line: list[str], home: Path, options: GlobalOptions, run: CommandRun, held: int | None
) -> subprocess.Popen[bytes]:
    apart: dict[str, Any]
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    else:
        apart = {"start_new_session": True, "pass_fds": () if held is None else (held,)}
    with run.out.open("wb") as out, run.err.open("wb") as err:
        return subprocess.Popen(
            line,
            cwd=home,
            env=environment_in_home(home, options),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            **apart,
        )


def _end(run: CommandRun) -> None:
    """Ask a command to end, as ^C does: it says what it sent, and ends with 143."""
    pid = run.pid
    if pid and run.state is RunState.RUNNING:
        try:
            os.kill(pid, signal.SIGTERM)
        except OSError as error:
            _LOG.warning("process %d, `tradebot %s`, cannot be asked to end: %s", pid, run.command, error)
