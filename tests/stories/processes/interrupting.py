"""Commands that are interrupted at drawn moments, and what the next ones make of what is left.

A command is run to its end on a copy of the home first: that shows its steps, and what has to come of it. Each trial
interrupts it on a copy of its own, right before any of these steps, runs what would be run next, and then wants a sound
ledger, a clean comparison, and the orders of the run that nobody interrupted. Steps are those of
``tests.fakes.interrupted``: counted, not timed, so that a moment is the same on any machine.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from tests.fakes.cli import Ended, Process, start
from tests.stories.processes.conftest import PATIENCE, Machine, ending
from tests.stories.processes.traces import Traces

#: What a command ends with when it answers a signal.
CODES = {Signals.SIGINT: 130, Signals.SIGTERM: 143, Signals.SIGKILL: -9}
#: The parts of a command's steps to draw the moments of the first attempts from.
_PARTS = (1.0, 0.5, 0.25)
_READS = ("SELECT", "PRAGMA", "open")


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

    steps: tuple[str, ...]
    codes: frozenset[int]
    orders: frozenset[tuple[str, ...]]

    def drawn(self, chance: random.Random, part: float = 1.0) -> int:
        """A step among the first of them, rather one that writes: N for the Nth."""
        steps = range(1, max(1, round(part * len(self.steps))) + 1)
        writes = [step for step in steps if not self.steps[step - 1].startswith(_READS)]
        return chance.choice(writes if writes and chance.random() < 0.7 else steps)


@dataclass(frozen=True, slots=True)
class Told:
    """A trial: where the command was, what the next one did, and what is wrong after it."""

    command: str
    stage: str
    part: float  # of all its steps
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
        """Interrupt the command and give the part of its steps that it had done by then.

        One that ended first is run anew and interrupted earlier: a job that may finish what it does is no failure. The
        last attempt is made at its start, where it must not go on.
        """
        for moment in (*(self._whole.drawn(chance, part) for part in _PARTS), 0):
            code = interrupt(self.machine, self._errand.command, moment, number)
            if code == CODES[number]:
                return moment / len(self._whole.steps)
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
        traces = Traces.of(compared.home)
        yield from traces.differences()
        yield from traces.doubled()


def run_whole(folder: Path, begun: Machine, errand: Errand) -> Whole:
    """Run a command to its end on a copy, and what comes next too."""
    machine = copied(begun, folder)
    codes = {ending(started(machine, errand.command)).code}
    steps = tuple(steps_of(machine))
    homes = [machine]
    if errand.next != errand.command:
        homes.append(copied(begun, folder / "without"))
        codes |= {home(*errand.next).code for home in homes}
    return Whole(steps, frozenset(codes), frozenset(Traces.of(home.home).orders for home in homes))


def interrupt(machine: Machine, command: tuple[str, ...], moment: int, number: Signals, **environ: str) -> int:
    """Send a signal to a command right before a step, and give its code; the step 0 is before its first line."""
    process = started(machine, command, moment, number, **environ)
    if number is Signals.SIGKILL:
        process.communicate(timeout=PATIENCE)
        return int(process.returncode)
    ended = ending(process, "--json")
    of_a_replay = ("this goes on with the replay", "the same command goes on there")
    told = [line for line in ended.err.splitlines() if not any(text in line for text in of_a_replay)]
    assert len(told) <= 1, ended.err
    return ended.code


def started(
    machine: Machine, command: tuple[str, ...], moment: int = -1, number: Signals = Signals.SIGKILL, **environ: str
) -> Process:
    """Start a command whose steps are written down, and which a signal meets at one of them."""
    how = (str(_log(machine)), str(int(number)), str(moment))
    environment = machine.environment(**environ)
    return start(
        "tests.fakes.interrupted", *how, *command, "--json",
        cwd=machine.folder, env=environment, interpreter=machine.interpreter,
    )  # fmt: skip


def steps_of(machine: Machine) -> list[str]:
    """What the command that was started last has done so far, step by step."""
    return _log(machine).read_text().splitlines()


def _log(machine: Machine) -> Path:
    return machine.folder / "steps"


def copied(machine: Machine, folder: Path) -> Machine:
    """The same home in another folder, which begins anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = Machine(folder)
    if machine.home.exists():
        shutil.copytree(machine.home, copy.home)
    return copy


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
