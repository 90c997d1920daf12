"""Compare each plan of backtests of random worlds with the plan of the whole situation, and print what they met.

python scripts/check_backtest_plans.py --seeds 300   exit code 1 if a plan differs, or a thing is never met
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.backtest.plan_gate import MET, compared
from tests.backtest.worlds import world


def main() -> int:
    """Compare the plans, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=300)
    seeds = range(parser.parse_args().seeds)
    began = time.perf_counter()
    met: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    different: list[str] = []
    plans = exits = 0
    for seed in seeds:
        try:
            found = compared(world(seed))
        except AssertionError as error:
            different.append(f"seed {seed}: {str(error).splitlines()[0]}")
            continue
        met.update(found.walk.counts)
        codes.update(denied.code.value for denied in found.walk.denied)
        plans, exits = plans + found.plans, exits + found.exits
    seconds = time.perf_counter() - began
    print(f"{len(seeds)} worlds, {plans:,} plans with entry signals and {exits:,} planned exits in {seconds:.0f} s")
    for name in sorted({*MET, *met}):
        print(f"  {met[name]:>8,}  {name}")
    print(f"{codes.total():,} denials by {len(codes)} codes")
    for code, count in codes.most_common():
        print(f"  {count:>8,}  {code}")
    missing = [name for name in MET if not met[name]]
    for line in (*different, *(f"never met: {name}" for name in missing)):
        print(line)
    return 1 if different or missing else 0


if __name__ == "__main__":
    sys.exit(main())
