"""Kills of run-daily, of its strategy process and of that one's supervisor at random moments.

python scripts/bench/strategy_kills.py --kills 300 --seed 1 [--jobs 2]

The strategy forks, moves a child to a session of its own, and sleeps in C code that holds the interpreter. After each
kill nothing of its group may run, the next run-daily must get the lock at once and end the day, `reconcile` and
`verify` must find nothing, and the orders must be those of a run that nothing killed. Linux only. Exit code 1 if a
check failed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.stories.machine.killing import Result, Target, a_delay, kill, prepare, run_whole


def main() -> int:
    """Kill, print what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="number of kills")
    parser.add_argument("--seed", type=int, default=1, help="of the targets and moments")
    parser.add_argument("--jobs", type=int, default=1, help="parallel copies")
    arguments = parser.parse_args()
    random, began = Random(arguments.seed), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="strategy-kills-"))
    prepared = prepare(folder / "prepared")
    orders, seconds = run_whole(prepared, folder / "whole")
    plan = [(number, random.choice(list(Target)), a_delay(random, seconds)) for number in range(arguments.kills)]

    def trial(one: tuple[int, Target, float]) -> Result:
        number, target, delay = one
        home = folder / str(number)
        result = kill(prepared, home, orders, target, delay)
        for line in result.wrong:
            print(f"{number}, {target} after {delay:.2f} s: {line}", flush=True)
        if not result.wrong:
            shutil.rmtree(home)
        return result

    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(trial, plan))
    for target in Target:
        of_it = [result for result in results if result.target is target]
        codes = Counter(result.code for result in of_it if result.hit)
        print(
            f"{target:10} {len(of_it):4} kills, {sum(result.hit for result in of_it):4} hit; ended with {dict(codes)}"
        )
    wrong = sum(1 for result in results if result.wrong)
    print(f"{len(results)} kills in {time.monotonic() - began:.0f} s, {wrong} with something wrong after it")
    if wrong:
        print(f"the homes are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
