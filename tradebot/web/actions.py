"""What the server may start: the stop, a halt, a resumption and the checks, each a process that outlives the server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from tradebot.home import command_runs
from tradebot.home.command_runs import CommandRun, RunState
from tradebot.runtime import command_process
from tradebot.runtime.command_outcome import ActionOutcome, outcome_of
from tradebot.runtime.command_requests import CLOSE, CommandRequest
from tradebot.settings import GlobalOptions

#: Commands that are started at the same time.
_STARTERS = 8


@dataclass(frozen=True, slots=True)
class RunningAction:
    """A command that was asked for, at work or ended.

    is_new: whether this request started it; False: one that was at work already does what was asked.
    replaced: the id of the stop that was asked to end, because this one closes and it keeps; "" for none.
    """

    run: CommandRun
    is_new: bool = False
    replaced: str = ""

    @property
    def action_id(self) -> str:
        """Its name in addresses."""
        return self.run.run_id

    @property
    def command(self) -> str:
        """The name of the command, such as ``emergency-stop``."""
        return self.run.command

    @property
    def began(self) -> datetime:
        """When it was started, the machine's time, aware UTC."""
        return self.run.began

    @property
    def closes_positions(self) -> bool:
        """Whether it is a stop that closes."""
        return CLOSE in self.run.arguments

    @property
    def state(self) -> RunState:
        """Whether it is at work."""
        return self.run.state

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self.run.state is RunState.RUNNING

    def lines(self, after: int = 0) -> tuple[str, ...]:
        """What it has told people, line by line, without the first ``after`` lines."""
        return self.run.lines(after)

    def outcome(self) -> ActionOutcome | None:
        """How it ended; None while it is at work."""
        return outcome_of(self.run)


class Actions:
    """Starts and finds actions. Every method may wait for a disk, and ``start`` for another starter."""

    def __init__(self, options: GlobalOptions) -> None:
        self._options = options
        self._elsewhere: dict[tuple[Path, str], CommandRun] = {}  # whose files the home's disk had no room for
        self._lock = Lock()
        self._starters = ThreadPoolExecutor(_STARTERS, thread_name_prefix="start")

    async def begin(self, home: Path, request: CommandRequest) -> RunningAction:
        """``start`` in a thread that no slow read ever takes."""
        return await asyncio.get_running_loop().run_in_executor(self._starters, self.start, home, request)

    def start(self, home: Path, request: CommandRequest) -> RunningAction:
        """Begin what is asked, or attach to the run that does it already. Raises UsageError and ConfigError."""
        begun = command_process.begin(home, self._options, request)
        if begun.is_new and command_runs.find(home, begun.run.run_id) is None:
            with self._lock:
                self._elsewhere[home, begun.run.run_id] = begun.run
        return RunningAction(begun.run, begun.is_new, begun.replaced.run_id if begun.replaced else "")

    def find(self, home: Path, action_id: str) -> RunningAction | None:
        """The action of this name in a home; None for a text that names none."""
        run = command_runs.find(home, action_id)
        if run is None:
            with self._lock:
                run = self._elsewhere.get((home, action_id))
        return RunningAction(run) if run else None

    def recent(self, home: Path) -> tuple[RunningAction, ...]:
        """The actions of a home that are kept, newest first."""
        with self._lock:
            elsewhere = [run for (its_home, _), run in self._elsewhere.items() if its_home == home]
        runs = sorted((*command_runs.runs(home), *elsewhere), key=lambda run: run.run_id, reverse=True)
        return tuple(map(RunningAction, runs))

    def current(self, home: Path) -> RunningAction | None:
        """The newest action at work in a home, a stop before all others; None when none is."""
        at_work = [action for action in self.recent(home) if action.is_running]
        stops = (action for action in at_work if action.command == "emergency-stop")
        return next(stops, at_work[0] if at_work else None)
