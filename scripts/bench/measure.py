"""Measurement of whole processes: seconds and peak memory, as ratios to a floor of the same run.

The machine may be busy, so command and floor run in turn, figures are medians, and only ratios are worth quoting.
Processor seconds are less disturbed by other programs than seconds of the clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
#: A Typer program with one command and two options.
FLOOR = [sys.executable, str(ROOT / "scripts" / "bench" / "floor.py"), "--name", "x", "--times", "1"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    The peak memory is never below that of the process that started the command, so benchmarks themselves use little.
    """

    seconds: float  # of the clock
    cpu: float  # processor seconds, user and system; 0 where the system does not report them
    peak_mib: float  # resident memory; 0 where the system does not report it
    exit_code: int


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians over the runs of one command."""

    name: str
    seconds: float
    cpu: float
    peak_mib: float
    exit_code: int

    @classmethod
    def of(cls, name: str, runs: Sequence[Run]) -> Figure:
        """The medians of ``runs``, and the exit code of the last."""
        return cls(
            name,
            median(run.seconds for run in runs),
            median(run.cpu for run in runs),
            median(run.peak_mib for run in runs),
            runs[-1].exit_code,
        )


def tradebot(*arguments: str) -> list[str]:
    """The command line of tradebot in this interpreter."""
    return [sys.executable, "-m", "tradebot", *arguments]


def once(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    """Run a command and measure it."""
    started = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=ROOT, env=environment(env))
    if not hasattr(os, "wait4"):
        return Run(time.perf_counter() - started, 0.0, 0.0, process.wait())
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    divisor = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / divisor, process.returncode)


def prepare(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a command without measuring it, and return its stdout. Raises CalledProcessError if it fails."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment(env))
    return done.stdout


def in_turns(commands: Mapping[str, Sequence[str]], runs: int, env: Mapping[str, str] | None = None) -> list[Figure]:
    """Measure several commands in turn, after one uncounted run of each."""
    for command in commands.values():
        once(command, env)
    measured: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            measured[name].append(once(command, env))
    return [Figure.of(name, results) for name, results in measured.items()]


def show(figures: Sequence[Figure]) -> None:
    """Print figures as ratios to the first of them, the floor."""
    floor = figures[0]
    print(f"{'what':<46} {'seconds':>8} {'ratio':>8} {'cpu':>8} {'ratio':>8} {'MiB':>6} {'ratio':>8}  code")
    for figure in figures:
        print(
            f"{figure.name:<46} {figure.seconds:>8.3f} {_times(figure.seconds, floor.seconds)} "
            f"{figure.cpu:>8.3f} {_times(figure.cpu, floor.cpu)} "
            f"{figure.peak_mib:>6.0f} {_times(figure.peak_mib, floor.peak_mib)}  {figure.exit_code:>4}"
        )


def show_growth(what: str, factor: float, small: Figure, large: Figure) -> None:
    """Print the ratios of the larger case, which is ``factor`` times the size, to the smaller one."""
    print(
        f"{factor:g} times the {what}: {_times(large.seconds, small.seconds).strip()} the seconds, "
        f"{_times(large.cpu, small.cpu).strip()} the processor's, {_times(large.peak_mib, small.peak_mib).strip()} "
        "the memory"
    )


def environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """This process's environment and ``more``. Commands may write bytecode, as installed programs do."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}, **(more or {})}


def _times(figure: float, floor: float) -> str:
    return f"{figure / floor:>7.2f}x" if floor else f"{'-':>8}"
