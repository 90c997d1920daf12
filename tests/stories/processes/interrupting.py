"""Commands that are interrupted at drawn moments, and what the next ones make of what is left.

A command is run to its end on a copy of the home first: that tells how long it takes, how often it writes, and what has
to come of it. Each trial interrupts it on a copy of its own, at any moment of that time or after any of those writes,
runs what would be run next, and then wants a sound ledger, a clean comparison, and the orders of the run that nobody
interrupted.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from signal import Signals

from tests.fakes.cli import Ended, Process
from tests.stories.processes.conftest import PATIENCE, Machine, ending
from tests.stories.processes.traces import Traces

#: What a command ends with when it answers a signal.
CODES = {Signals.SIGINT: 130, Signals.SIGTERM: 143, Signals.SIGKILL: -9}
#: The files whose changes are counted as writes, below the home.
_WRITTEN = (
    "trading_robot.db",
    "trading_robot.db-wal",
    "trading_robot.db.making-wal",
    "state/paper_exchange.db",
    "state/paper_exchange.db-wal",
    "state/HALT",
    "state/ledger_heads",
)
#: The parts of a command's time to draw the moments of the first attempts from.
_PARTS = (1.0, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class Errand:
    """A command to interrupt, what is run ``next``, and what a person does ``then``, before both sides are compared."""

    command: tuple[str, ...]
    next: tuple[str, ...]
    then: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        return self.command[0]


def again(*command: str, then: tuple[tuple[str, ...], ...] = ()) -> Errand:
    """A command after whose interruption the same is run once more."""
    return Errand(command, command, then)


_RESUME = ("resume", "--reason", "looked into it", "--yes")
PREFLIGHT, RUN_DAILY, CHECK_EXITS = again("preflight"), again("run-daily"), again("check-exits")
RECONCILE, REPORT, RESUME = again("reconcile"), again("report"), again(*_RESUME)
STOP = again("emergency-stop", then=(_RESUME,))
STOP_AND_CLOSE = again("emergency-stop", "--close-positions", then=(_RESUME,))
REBUILD = Errand(("rebuild", "--yes"), ("check-exits",))
REPLAY = again("replay", "--to", "2006-11-09")


@dataclass(frozen=True, slots=True)
class Whole:
    """What a command does when nobody interrupts it.

    ``orders`` are those that may be at the exchange after the next one: as it leaves them after a whole command, and
    after none at all, which are the same wherever the next command is the one that was interrupted.
    """

    seconds: float
    writes: int
    codes: frozenset[int]
    orders: frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Moment:
    """So many writes after the start, and then so many seconds."""

    writes: int
    seconds: float

    @classmethod
    def drawn(cls, chance: random.Random, whole: Whole, until: float = 1.0) -> Moment:
        """Anywhere in a command's time, or, as most of that goes to imports, right after one of its writes.

        ``until`` is the part of it to draw from, counted from its start.
        """
        if chance.random() < 0.4 or not whole.writes:
            return cls(0, chance.uniform(0, until * whole.seconds))
        return cls(chance.randint(0, round(until * whole.writes)), chance.choice((0.0, chance.uniform(0, 0.01))))


@dataclass(frozen=True, slots=True)
class Told:
    """A trial: where the command was, what the next one did, and what is wrong after it."""

    command: str
    stage: str
    part: float  # of all that the command writes
    next: str
    wrong: tuple[str, ...]


class Trial:
    """One interruption, on a machine that is copied from another."""

    def __init__(self, folder: Path, begun: Machine, errand: Errand, whole: Whole) -> None:
        self.machine = copied(begun, folder)
        self._begun = begun
        self._errand = errand
        self._whole = whole

    def run(self, chance: random.Random, number: Signals = Signals.SIGKILL) -> Told:
        """Interrupt the command, run what comes next, and look at everything."""
        before = Traces.of(self.machine.home)
        part = self._interrupted(chance, number)
        left = Traces.of(self.machine.home)
        followed = list(self._next())
        done = Traces.of(self.machine.home)
        wrong = tuple(self._wrong(left, done, followed, number))
        return Told(self._errand.name, before.stage(left), part, _summary(left, done, followed), wrong)

    def _interrupted(self, chance: random.Random, number: Signals) -> float:
        """Interrupt the command and give the part that it had written by then.

        One that ended first is run anew and interrupted earlier: a job that may finish what it does is no failure. The
        last attempts are made at its start, where it must not go on.
        """
        drawn = (Moment.drawn(chance, self._whole, part) for part in _PARTS)
        for moment in chain(drawn, [Moment(0, 0.0)] * 2):
            code, writes = interrupt(self.machine, self._errand.command, moment, number)
            if code == CODES[number]:
                return min(1.0, writes / max(1, self._whole.writes))
            assert code in self._whole.codes, f"{self._errand.name} was not interrupted and ended with {code}"
            self.machine = copied(self._begun, self.machine.folder)
        raise AssertionError(f"{self._errand.name} was interrupted at its start and went on to its end")

    def _next(self) -> Iterator[tuple[str, Ended]]:
        command = self._errand.next
        ended = self.machine(*command, "--json")
        yield command[0], ended
        if ended.code == 10 and self._errand.name == "rebuild":  # the ledger's place is empty: it says what to do
            yield "rebuild", self.machine("rebuild", "--yes", "--json")
            yield command[0], self.machine(*command, "--json")

    def _wrong(self, left: Traces, done: Traces, followed: list[tuple[str, Ended]], number: Signals) -> Iterator[str]:
        name, last = followed[-1]
        if last.code not in {0, *self._whole.codes}:
            yield f"{name} ended with {last.code}: {last.err}"
        if done.orders not in self._whole.orders:
            (expected, *_) = self._whole.orders
            yield f"orders {sorted({*done.orders} ^ {*expected})} differ from those without interruption"
        if number is not Signals.SIGKILL:
            yield from left.loose_ends()
        verified = self.machine("verify", "--json")
        if verified.code != 0:
            yield f"verify ended with {verified.code}: {verified.json.get('findings') or verified.err}"
        compared = copied(self.machine, self.machine.folder / "compared")
        for command in self._errand.then:
            compared(*command)
        reconciled = compared("reconcile", "--json")
        if reconciled.code != 0 or reconciled.json["gaps"]:
            told = {name: reconciled.json.get(name) for name in ("error", "breaks", "gaps", "halts")}
            yield f"reconcile ended with {reconciled.code}: {told}"
        yield from Traces.of(compared.home).differences()
        yield from Traces.of(compared.home).doubled()


def run_whole(folder: Path, begun: Machine, errand: Errand) -> Whole:
    """Run a command to its end on a copy, and what comes next too."""
    machine = copied(begun, folder)
    process = machine.start(*errand.command, "--json")
    started = time.monotonic()
    writes = max(_writes(process, machine.home))
    seconds = time.monotonic() - started
    codes = {ending(process).code}
    homes = [machine]
    if errand.next != errand.command:
        homes.append(copied(begun, folder / "without"))
        codes |= {home(*errand.next).code for home in homes}
    return Whole(seconds, writes, frozenset(codes), frozenset(Traces.of(home.home).orders for home in homes))


def interrupt(machine: Machine, command: tuple[str, ...], moment: Moment, number: Signals) -> tuple[int, int]:
    """Send a signal to a command at a moment, and give its code and how often it had written by then."""
    process = _started(machine, command, number)
    writes, due = 0, None
    for writes in _writes(process, machine.home):
        if due is None and writes >= moment.writes:
            due = time.monotonic() + moment.seconds
        if due is not None and time.monotonic() >= due:
            break
    process.send_signal(number)
    if number is Signals.SIGKILL:
        process.communicate(timeout=PATIENCE)
        return int(process.returncode), writes
    ended = ending(process, "--json")
    assert len(ended.err.splitlines()) <= 1, ended.err
    return ended.code, writes


def _started(machine: Machine, command: tuple[str, ...], number: Signals) -> Process:
    """Start a command that inherits a blocked signal, because Python's own start can answer none.

    The command blocks signals in its first line, and unblocks them when it can answer.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number} - {Signals.SIGKILL})
    try:
        return machine.start(*command, "--json")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def copied(machine: Machine, folder: Path) -> Machine:
    """The same home in another folder, which begins anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = Machine(folder)
    if machine.home.exists():
        shutil.copytree(machine.home, copy.home)
    return copy


def _writes(process: Process, home: Path) -> Iterator[int]:
    """How often a process has written so far, told over and over until it ends."""
    count, seen = 0, _written(home)
    while process.poll() is None:
        now = _written(home)
        if now != seen:
            count, seen = count + 1, now
        yield count
        time.sleep(0.0002)


def _written(home: Path) -> tuple[tuple[int, int, int] | None, ...]:
    return tuple(_version(home / name) for name in _WRITTEN)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _summary(left: Traces, done: Traces, followed: list[tuple[str, Ended]]) -> str:
    """What was run next, and what it did for the orders."""
    names = " and ".join(name for name, _ in followed)
    ended = followed[-1][1]
    sent = len(done.arrived) - len(left.arrived)
    settled = sum(
        1
        for name, intent in left.intents.items()
        if intent["state"] in ("submitting", "unknown", "accepted") and intent != done.intents.get(name)
    )
    did = [f"{what} {count}" for what, count in (("sent", sent), ("settled", settled)) if count > 0]
    status = ended.json.get("status", "ran") if ended.out else "failed"
    return f"{names}: {status}{', ' if did else ''}{', '.join(did)} ({ended.code})"
