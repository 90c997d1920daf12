"""^C, SIGTERM, sudden death and full disks at any moment: the next run finishes what was begun, nothing doubled."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from pathlib import Path
from signal import Signals

import pytest

from tests.endtoend.conftest import Machine, ending, once

if os.name == "nt":
    pytest.skip("Windows has no such signals", allow_module_level=True)

CODES = {Signals.SIGINT: 130, Signals.SIGTERM: 143}
REPLAY = ("replay", "--to", "2006-12-29", "--json")
WHOLE = ["buy 63 AAPL filled", "buy 174 MSFT filled", "buy 21 GOOG filled"]


@pytest.mark.parametrize("number", [*CODES, Signals.SIGKILL], ids=lambda number: number.name)
def test_a_run_that_is_stopped_at_any_moment_is_finished_by_the_next(
    number: Signals, machine: Machine, made_home: Path
) -> None:
    moments = random.Random(number.name)
    codes = []
    for _ in range(5):
        shutil.rmtree(machine.home, ignore_errors=True)
        shutil.copytree(made_home, machine.home)
        run = machine.start("run-daily", "--json")
        _stop(run, number, after=moments.uniform(0, 1.5))
        codes.append(_code(run, number))
        assert _in_order(machine.orders())
        ended = machine("run-daily", "--json")
        assert (ended.code, machine.orders()) == (0, WHOLE), ended.err
        _assert_clean(machine)
    assert set(codes) <= {0, CODES.get(number, -9)}
    assert set(codes) != {0}, "nothing was stopped"


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_replay_that_is_stopped_at_any_moment_ends_as_one_that_never_was(
    number: Signals, made: Machine, made_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moments = random.Random(number.name)
    codes = []
    for _ in range(6):
        replay = made.start(*REPLAY)
        _stop(replay, number, after=moments.uniform(0, 1.5))
        codes.append(_code(replay, number))
    assert CODES[number] in codes
    ended = made(*REPLAY)

    def never_stopped(machine: Machine) -> None:
        shutil.copytree(made_home, machine.home)
        assert machine(*REPLAY).code == 0

    assert made.orders() == once(tmp_path_factory, "never-stopped", never_stopped).orders()
    assert len(made.orders()) > 5
    assert (ended.code, len(ended.json["report"]["equity"])) == (0, 40)  # NYSE sessions from 2006-11-02 on
    _assert_clean(made)


def _stop(process: subprocess.Popen[str], number: Signals, after: float) -> None:
    """Send a signal ``after`` seconds from our first line on; in the interpreter's own start nothing can be caught."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():  # only Linux shows that signals are held by then
        time.sleep(1)
    while status.exists() and process.poll() is None:
        held = next(line for line in status.read_text().splitlines() if line.startswith("SigBlk:"))
        if int(held.split()[1], 16) & 1 << (Signals.SIGINT - 1):
            break
        time.sleep(0.001)
    time.sleep(after)
    process.send_signal(number)


def _code(process: subprocess.Popen[str], number: Signals) -> int:
    if number is Signals.SIGKILL:
        return process.wait() if process.communicate() else 0
    ended = ending(process, "--json")
    assert len(ended.err.splitlines()) <= 1, ended.err
    return ended.code


def _in_order(orders: list[str]) -> bool:
    """Whether these are the first orders of the run, each sent once."""
    return [order.split()[2] for order in orders] == [order.split()[2] for order in WHOLE[: len(orders)]]


def _assert_clean(machine: Machine) -> None:
    """Nothing is locked, and the ledger explains the exchange."""
    ended = machine("reconcile", "--json")
    assert (ended.code, ended.json["breaks"], ended.json["gaps"]) == (0, [], []), ended.err
