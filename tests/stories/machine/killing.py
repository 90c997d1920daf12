"""Kills of run-daily and of its strategy process at chosen moments, and what is left after each."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from tests.stories.processes.conftest import Machine

#: Forks twice, once into a session of its own, sleeps in C code that holds the interpreter, and enters or leaves.
RESTLESS = """
import ctypes, os, time
import numpy as np
import pandas as pd
from tradebot.strategy_api import ExitPolicy, Signals

class Strategy:
    def signals(self, history, params):
        for number in range(2):
            if os.fork() == 0:
                if number:
                    os.setsid()
                time.sleep(1000)
        ctypes.PyDLL(None).usleep(300_000)
        close = history.close
        turns = np.arange(len(close))[:, None] + np.arange(len(close.columns))[None, :]
        enters = pd.DataFrame(turns % 2 == 0, index=close.index, columns=close.columns)
        return Signals(enters, ~enters, ExitPolicy())
"""
GONE_SECONDS = 20.0


class Target(StrEnum):
    """The process that is killed."""

    COMMAND = "command"
    SUPERVISOR = "supervisor"
    WORKER = "worker"


@dataclass(frozen=True)
class Result:
    """What a kill did."""

    target: Target
    hit: bool  # whether the process ran at the moment
    code: int  # of the killed command, or of the one whose strategy process was killed
    wrong: tuple[str, ...]  # what is not as it must be afterwards


def prepare(folder: Path) -> Machine:
    """A machine whose home has traded a session with the strategy above."""
    folder.mkdir()
    machine = Machine(folder, interpreter=True)
    machine.env("STRATEGIES=restless,rsi2_mean_reversion", "SYMBOLS=AAPL,MSFT,IBM", "PROBATION_SESSIONS=0")
    machine.strategy("restless", *RESTLESS.strip().splitlines())
    assert machine("run-daily").code == 0
    assert machine("paper", "next").code == 0
    return machine


def run_whole(prepared: Machine, folder: Path) -> tuple[list[str], float]:
    """The orders of a run that nothing kills, and its seconds."""
    machine = copied(prepared, folder)
    began = time.monotonic()
    assert machine("run-daily").code == 0
    return machine.orders(), time.monotonic() - began


def copied(machine: Machine, folder: Path) -> Machine:
    """A copy of the machine."""
    shutil.copytree(machine.folder, folder)
    return Machine(folder, interpreter=True)


def kill(prepared: Machine, folder: Path, orders: list[str], target: Target, delay: float) -> Result:
    """Kill ``target`` so many seconds after a run-daily began; then run the day to its end and look at what is left."""
    machine = copied(prepared, folder)
    process = machine.start("run-daily", "--json")
    time.sleep(delay)
    family = descendants(process.pid)
    victim = {Target.COMMAND: [process.pid], Target.SUPERVISOR: family[:1], Target.WORKER: family[1:2]}[target]
    hit = False
    for pid in victim:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            hit = True
    if target is Target.SUPERVISOR:
        family = family[:2]  # only the supervisor can kill what left the worker's group
    groups = set(family)
    process.communicate(timeout=240)
    code = process.returncode
    wrong = list(_left(family, groups))
    if target is not Target.COMMAND and code not in (0, 11):
        wrong.append(f"run-daily ended with {code}")
    again = machine("run-daily", "--json")
    if again.code not in (0, 11):
        wrong.append(f"the next run-daily ended with {again.code}: {again.err[-300:]}")
    for command in ("reconcile", "verify"):
        if (ended := machine(command)).code != 0:
            wrong.append(f"{command} ended with {ended.code}: {ended.out[-300:]}")
    if target is Target.COMMAND and machine.orders() != orders:
        wrong.append(f"orders {machine.orders()} instead of {orders}")
    if len(set(machine.orders())) < len(machine.orders()):
        wrong.append(f"an order twice: {machine.orders()}")
    return Result(target, hit, code, tuple(wrong))


def a_delay(random: Random, seconds: float) -> float:
    """A moment of a run that takes so many seconds."""
    return random.uniform(0.05, seconds)


def descendants(pid: int) -> list[int]:
    """The processes below ``pid``, each before its own children."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    found = []
    waiting = sorted(children.get(pid, ()))
    while waiting:
        found.append(waiting.pop(0))
        waiting.extend(sorted(children.get(found[-1], ())))
    return found


def _left(family: list[int], groups: set[int]) -> list[str]:
    """The processes of the family, or of a group that one of it led, that still run after a moment."""
    deadline = time.monotonic() + GONE_SECONDS
    left = _running(family, groups)
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = _running(family, groups)
    return [f"process {pid} still runs" for pid in left]


def _running(family: list[int], groups: set[int]) -> list[int]:
    running = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group, *_ = path.read_text().rpartition(")")[2].split()
            if state != "Z" and (int(path.parent.name) in family or int(group) in groups):
                running.append(int(path.parent.name))
    return running
