"""Kills of real commands at random moments on the embedded exchange, and a check of the recovery by the next run.

python scripts/bench/kills.py --kills 300 --seed 1 [--jobs 2]

The sessions enter and leave positions. Each command is killed with SIGKILL on several copies of the home, immediately
before a random SQL statement or change of a file. Then the next command runs; `verify` and `reconcile` must find
nothing, and the rows of exchange and ledger must agree with each other and with the orders of a run that was not
killed. The next session continues in one of the killed homes. Exit code 1 if a check failed; those homes are kept.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.stories.processes import interrupting
from tests.stories.processes.conftest import Machine
from tests.stories.processes.interrupting import Errand, Told, Trial, copied, run_whole

_CONSOLE = Console()
#: A strategy that enters one symbol in each session and leaves the other, with stops that are raised early.
_RESTLESS = """
from decimal import Decimal
import numpy as np
import pandas as pd
from tradebot.strategy_api import ExitPolicy, Signals

class Strategy:
    def signals(self, history, params):
        close = history.close
        turns = np.arange(len(close))[:, None] + np.arange(len(close.columns))[None, :]
        enters = pd.DataFrame(turns % 2 == 0, index=close.index, columns=close.columns)
        policy = ExitPolicy(stop=Decimal("0.03"), target=Decimal("0.05"), trail_trigger=Decimal("0.001"),
                            trail_offset=Decimal("0.02"))
        return Signals(entry=enters, exit=~enters, exits=policy)
"""


def main() -> int:
    """Kill, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="number of kills")
    parser.add_argument("--seed", type=int, default=1, help="of the commands and moments")
    parser.add_argument("--jobs", type=int, default=1, help="parallel copies")
    arguments = parser.parse_args()
    started = time.perf_counter()
    results: list[Told] = []
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=_CONSOLE) as progress:
        task = progress.add_task("", total=arguments.kills)
        for trial in _trials(folder, arguments.kills, arguments.seed, arguments.jobs):
            results.append(trial)
            wrong = sum(1 for each in results if each.wrong)
            progress.update(task, advance=1, description=f"{wrong} went wrong" if wrong else trial.command)
            for line in trial.wrong:
                progress.print(f"{trial.command}, {trial.stage}: {line}", markup=False, highlight=False)
    _CONSOLE.print(_table(results))
    wrong = sum(1 for each in results if each.wrong)
    _CONSOLE.print(
        f"{len(results)} kills in {time.perf_counter() - started:.0f} s, {wrong} with something wrong after it"
    )
    if wrong:
        _CONSOLE.print(f"the homes are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if wrong else 0


def _trials(folder: Path, kills: int, seed: int, jobs: int) -> Iterator[Told]:
    rng = random.Random(seed)
    machine = _prepared(folder / "begun")
    done, step = 0, 0
    with ThreadPoolExecutor(jobs) as pool:
        for errand, times in _schedule(rng):
            step += 1
            if errand is None:
                assert machine("paper", "next").code == 0
                continue
            whole = run_whole(folder / "whole", machine, errand)
            times = min(times, kills - done)
            homes = [folder / f"{step}-{number}" for number in range(times)]
            trials = [Trial(home, machine, errand, whole) for home in homes]
            seeds = [random.Random(rng.random()) for _ in trials]
            results = list(pool.map(lambda trial, own: trial.run(own), trials, seeds))
            yield from results
            done += times
            if done == kills:
                return
            machine = copied(rng.choice(trials).machine, folder / f"after-{step}")
            for home, each in zip(homes, results, strict=True):
                if not each.wrong:
                    shutil.rmtree(home)


def _prepared(folder: Path) -> Machine:
    """A folder with a strategy and settings, without a home."""
    folder.mkdir()
    machine = Machine(folder)
    machine.env("STRATEGIES=restless,rsi2_mean_reversion,momentum_rotation")
    machine.strategy("restless", *_RESTLESS.strip().splitlines())
    return machine


def _schedule(rng: random.Random) -> Iterator[tuple[Errand | None, int]]:
    """The commands of each session in turn, with the number of kills of each; None begins the next session."""
    for session in count():
        if session:
            yield interrupting.PREFLIGHT, 1
        yield interrupting.RUN_DAILY, 5
        if rng.random() < 0.5:
            yield interrupting.REBUILD, 3
        if rng.random() < 0.4:
            yield rng.choice((interrupting.STOP, interrupting.STOP_AND_CLOSE)), 3
            yield interrupting.RESUME, 2
        yield interrupting.CHECK_EXITS, 3
        yield interrupting.RECONCILE, 2
        yield interrupting.REPORT, 1
        yield None, 0


def _table(results: list[Told]) -> Table:
    table = Table(title="Where commands were killed, and what came next")
    for name in ("killed", "where", "times", "of its steps done", "the next run"):
        table.add_column(name, justify="right" if name == "times" else "left")
    kills: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    for each in results:
        kills[each.command, each.stage].append(each)
    for (command, stage), trials in sorted(kills.items(), key=_by_progress):
        parts = [trial.part for trial in trials]
        followed = Counter(trial.next for trial in trials).most_common()
        table.add_row(
            command,
            stage,
            str(len(trials)),
            f"{min(parts):.0%} to {max(parts):.0%}",
            "; ".join(f"{times} x {what}" for what, times in followed),
            style="red" if any(trial.wrong for trial in trials) else "",
        )
    return table


def _by_progress(item: tuple[tuple[str, str], list[Told]]) -> tuple[str, float]:
    (command, _), trials = item
    return command, median(trial.part for trial in trials)


if __name__ == "__main__":
    sys.exit(main())
