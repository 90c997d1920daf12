"""^C, SIGTERM and sudden death at any moment of any job: the next run finishes what was begun, nothing is doubled."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from signal import Signals

import pytest

from tests.long_form import every, long
from tests.stories.processes import interrupting
from tests.stories.processes.conftest import Machine, ending
from tests.stories.processes.interrupting import CODES, Errand, Trial, interrupt, run_whole
from tests.stories.processes.traces import Traces

if os.name == "nt":
    pytest.skip("Windows has no such signals", allow_module_level=True)

#: Sends itself a signal in the middle of the imports that ``main`` begins with.
SIGNALLED = """
import os, sys
from tradebot.__main__ import main

class Signalling:
    def find_spec(self, name, *others):
        if name == "tradebot.cli":
            os.kill(os.getpid(), int(sys.argv.pop()))

sys.meta_path.insert(0, Signalling())
sys.exit(main())
"""
#: Where each begins: in a folder that is no home yet, in a home that has not traded, that has, or that is halted.
ERRANDS = [
    ("machine", interrupting.RUN_DAILY),
    ("made", interrupting.RUN_DAILY),
    ("made", interrupting.REPLAY),
    ("traded", interrupting.PREFLIGHT),
    ("traded", interrupting.CHECK_EXITS),
    ("traded", interrupting.RECONCILE),
    ("traded", interrupting.REPORT),
    ("traded", interrupting.REBUILD),
    ("traded", interrupting.STOP_AND_CLOSE),
    ("halted", interrupting.RESUME),
]


@pytest.fixture
def halted(traded: Machine) -> Machine:
    """A machine whose home has traded and was stopped."""
    assert traded("emergency-stop", "--reason", "a test of nerves").code == 0
    return traded


#: Each signal with each errand; by the short form sudden death with each, and a request to end with every third.
TRIALS = [
    *((home, errand, (Signals.SIGKILL,)) for home, errand in ERRANDS),
    *every(3, *((home, errand, (Signals.SIGINT, Signals.SIGTERM)) for home, errand in ERRANDS)),
]


@pytest.mark.parametrize(("home", "errand", "numbers"), TRIALS)
def test_what_is_interrupted_at_any_moment_is_finished_by_the_next_run(
    home: str, errand: Errand, numbers: tuple[Signals, ...], request: pytest.FixtureRequest
) -> None:
    begun: Machine = request.getfixturevalue(home)
    chance = random.Random(f"{home} {errand.command}")
    whole = run_whole(begun.folder / "whole", begun, errand)
    for number in numbers:
        told = Trial(begun.folder / number.name, begun, errand, whole).run(chance, number)
        assert not told.wrong, told


@pytest.mark.parametrize("number", [Signals.SIGINT, Signals.SIGTERM])
def test_a_signal_that_meets_the_imports_is_answered_after_them(machine: Machine, number: Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SIGNALLED, "run-daily", str(int(number))],
        cwd=machine.folder,
        env=machine.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ending(process).code == CODES[number]


@pytest.mark.parametrize(("last", "sessions", "times"), [("2006-11-22", 15, 1), long("2006-12-29", 40, 3)])
def test_a_replay_that_is_stopped_again_and_again_ends_as_one_that_never_was(
    made: Machine, last: str, sessions: int, times: int
) -> None:
    chance = random.Random(7)
    replay = ("replay", "--to", last)
    whole = run_whole(made.folder / "whole", made, interrupting.again(*replay))
    for number in (Signals.SIGINT, Signals.SIGTERM) * times:
        assert interrupt(made, replay, whole.drawn(chance, 0.2), number) == CODES[number]
    ended = made(*replay, "--json")
    assert whole.orders == {Traces.of(made.home).orders}
    assert len(Traces.of(made.home).orders) > 5
    assert (ended.code, len(ended.json["report"]["equity"])) == (0, 1 + sessions)  # the opening
    assert not list(Traces.of(made.home).differences())
