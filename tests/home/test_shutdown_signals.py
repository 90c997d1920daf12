"""Signals to end, sent to real processes in the middle of a step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from signal import Signals

import pytest

from tradebot.errors import ExitCode, Stopped
from tradebot.home.shutdown_signals import ShutdownSignals
from tradebot.ports import StopSwitch

WORK = """
import sys, time
from tradebot.errors import Stopped
from tradebot.home.shutdown_signals import ShutdownSignals

with ShutdownSignals() as stop:
    print("working", flush=True)
    for _ in sys.stdin:      # a step: it ends when its input does, whatever signals arrive
        pass
    print("step done", flush=True)
    try:
        stop.check()
    except Stopped as stopped:
        sys.exit(stopped.exit_code)
"""


def work_through(*signals: Signals) -> tuple[str, int]:
    """What a process prints and ends with when these signals arrive during its step."""
    with subprocess.Popen(
        [sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "working\n"
        for number in signals:
            process.send_signal(number)
            process.stdin.write("more work\n")
            process.stdin.flush()
        rest, _ = process.communicate(timeout=20)
        return rest, process.returncode


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ((), 0),
        ((signal.SIGINT,), 130),
        ((signal.SIGTERM,), 143),
        ((signal.SIGINT, signal.SIGINT, signal.SIGINT), 130),
        ((signal.SIGTERM, signal.SIGTERM), 143),
    ],
)
def test_a_signal_lets_the_step_finish_and_then_ends_the_run(signals: tuple[Signals, ...], code: int) -> None:
    assert work_through(*signals) == ("step done\n", code)


def test_the_first_signal_decides_the_code() -> None:
    switch = ShutdownSignals()
    with switch:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

        with pytest.raises(Stopped) as stopped:
            switch.check()

    assert stopped.value.exit_code is ExitCode.TERMINATED


def test_without_a_signal_nothing_happens_and_the_old_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with ShutdownSignals() as entered:
        switch: StopSwitch = entered
        switch.check()
        assert signal.getsignal(signal.SIGINT) != before[0]

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_stays_known_after_the_block() -> None:
    with ShutdownSignals() as switch:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped):
        switch.check()
