"""The cost of commands on homes with 1,000, 10,000 and 100,000 fills.

python scripts/bench/history.py [--fills 1000 10000 100000] [--runs 3]

The cost of the daily jobs and of `status` must not grow with the history. The cost of `report --period all`, `verify`
and `rebuild` may grow in proportion to it. Writing the largest home takes minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, prepare, show, show_growth, tradebot

#: In the order of a day, because a job moves the exchange's clock to its own time.
DAILY = {
    "run-daily": ["run-daily"],
    "status --json": ["status", "--json"],
    "check-exits": ["check-exits"],
    "reconcile": ["reconcile"],
    "report --period day": ["report"],
    "report --period all": ["report", "--period", "all"],
    "verify": ["verify"],
}
#: Once, after the others: the rebuilt ledger has less history.
LAST = {"rebuild": ["rebuild", "--yes"]}


def main() -> None:
    """Measure, and print the table and the growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fills", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    sizes: list[int] = arguments.fills
    floors: list[Run] = []
    measured: dict[tuple[str, int], list[Run]] = {(name, size): [] for name in (*DAILY, *LAST) for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        homes = {size: f"{folder}/{size}" for size in sizes}
        for size, home in homes.items():
            made = once([sys.executable, "scripts/bench/large_ledger.py", home, str(size)], env)
            mib = Path(home, "trading_robot.db").stat().st_size / 2**20
            print(f"{size} fills: a ledger of {mib:.0f} MiB, written in {made.seconds:.0f} s", flush=True)

        def run(name: str, command: list[str]) -> None:
            for size, home in homes.items():
                measured[name, size].append(once(tradebot(*command, "--home", home), env))

        for _ in range(arguments.runs):
            floors.append(once([sys.executable, "-c", "import pandas, talib"]))
            for home in homes.values():
                prepare(tradebot("paper", "next", "--home", home), env)
            for name, command in DAILY.items():
                run(name, command)
        for name, command in LAST.items():
            run(name, command)
    figures = {key: Figure.of(f"{key[0]}, {key[1]} fills", runs) for key, runs in measured.items()}
    show([Figure.of("import pandas, talib (the floor)", floors), *figures.values()])
    for name in (*DAILY, *LAST):
        print(f"{name}: ", end="")
        show_growth("fills", sizes[-1] / sizes[0], figures[name, sizes[0]], figures[name, sizes[-1]])


if __name__ == "__main__":
    main()
