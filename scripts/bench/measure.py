"""Whole processes, measured from outside: wall seconds and peak memory, as ratios to a floor of the same run.

The machine that this runs on is unknown and may be busy, so figures are medians of several runs, command and floor
take turns, and only the ratio is worth quoting.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians over the runs of one command: wall seconds and peak resident memory in MiB."""

    name: str
    seconds: float
    peak_mib: float
    exit_code: int


def once(command: Sequence[str], env: Mapping[str, str] | None = None) -> tuple[float, float, int]:
    """Run a command: wall seconds, peak MiB (0 where the system does not tell), exit code."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})}
    )
    if not hasattr(os, "wait4"):
        return time.perf_counter() - started, 0.0, process.wait()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    divisor = 1024 * 1024 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss / divisor, process.returncode


def in_turns(commands: Mapping[str, Sequence[str]], runs: int, env: Mapping[str, str] | None = None) -> list[Figure]:
    """Measure several commands in turns, after one uncounted run of each."""
    seen: dict[str, list[tuple[float, float, int]]] = {name: [] for name in commands}
    for command in commands.values():
        once(command, env)
    for _ in range(runs):
        for name, command in commands.items():
            seen[name].append(once(command, env))
    return [
        Figure(
            name,
            statistics.median(seconds for seconds, _, _ in results),
            statistics.median(peak for _, peak, _ in results),
            results[-1][2],
        )
        for name, results in seen.items()
    ]


def show(figures: Sequence[Figure]) -> None:
    """Print figures as ratios to the first of them, the floor."""
    floor = figures[0]
    print(f"{'what':<44} {'seconds':>9} {'ratio':>7} {'peak MiB':>9} {'ratio':>7}  code")
    for figure in figures:
        memory = figure.peak_mib / floor.peak_mib if floor.peak_mib else float("nan")
        print(
            f"{figure.name:<44} {figure.seconds:>9.3f} {figure.seconds / floor.seconds:>6.2f}x "
            f"{figure.peak_mib:>9.0f} {memory:>6.2f}x  {figure.exit_code:>4}"
        )


def tradebot(*arguments: str) -> list[str]:
    """The command line of tradebot in this interpreter."""
    return [sys.executable, "-m", "tradebot", *arguments]
