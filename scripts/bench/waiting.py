"""The duration of interactive commands, as ratios to a minimal Typer program, beside the allowed ratios.

python scripts/bench/waiting.py [--runs 15] [--home DIR]

Commands run as whole processes on copies of a home with a year's ledger. The first cancel of an emergency stop is timed
at a fake of Alpaca on this machine. Commands and floor run in turn after one uncounted round; figures are medians.
DIR: a home made by `tradebot replay --from 2007-01-03 --to 2007-12-31`. Without it one is made first (20 seconds).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import FLOOR, Run, once, prepare, tradebot
from scripts.bench.stopping import fake_alpaca, rest_an_entry, time_to_first_cancel

#: The arguments of each command and its allowed ratio of seconds; None for no limit.
COMMANDS: dict[str, tuple[tuple[str, ...], float | None]] = {
    "--help": (("--help",), 0.7),
    "status --json": (("status", "--json"), 1.6),
    "status": (("status",), None),
    "report --json": (("report", "--json"), 2.5),
    "report": (("report",), 2.5),
    "report --period all": (("report", "--period", "all"), 2.5),
    "explain AAPL": (("explain", "AAPL"), 2.5),
    "reconcile": (("reconcile",), None),
    "emergency-stop (embedded exchange)": (("emergency-stop",), None),
}
FIRST_CANCEL = 1.8


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands(Path(folder), options.runs, options.home)
        first_cancel(folder, options.runs)


def commands(folder: Path, runs: int, home: Path | None) -> None:
    """Measure the commands, each on its own copy of the home, and print their table."""
    env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
    year = home or year_home(folder, env)
    lines = {"floor": FLOOR}
    for name, (typed, _) in COMMANDS.items():
        own = shutil.copytree(year, folder / f"home of {name}")
        lines[name] = tradebot(*typed, *(() if typed == ("--help",) else ("--home", str(own))))
    measurements: dict[str, list[Run]] = {name: [] for name in lines}
    for number in range(runs + 1):
        for name, line in lines.items():
            run = once(line, env)
            if number:
                measurements[name].append(run)
    floor = [median(run.seconds for run in measurements["floor"]), median(run.cpu for run in measurements["floor"])]
    print(f"{'what':<40} {'seconds':>8} {'ratio':>7} {'cpu':>8} {'ratio':>7} {'allowed':>8}  code")
    for name, measured in measurements.items():
        seconds, cpu = median(run.seconds for run in measured), median(run.cpu for run in measured)
        allowed = COMMANDS[name][1] if name in COMMANDS else None
        print(
            f"{name:<40} {seconds:>8.3f} {seconds / floor[0]:>6.2f}x {cpu:>8.3f} {cpu / floor[1]:>6.2f}x "
            f"{f'{allowed}x' if allowed else '':>8}  {measured[-1].exit_code:>4}"
        )


def year_home(folder: Path, env: dict[str, str]) -> Path:
    """A home with a year's ledger."""
    home = folder / "year"
    prepare(tradebot("replay", "--home", str(home), "--from", "2007-01-03", "--to", "2007-12-31"), env)
    return home


def first_cancel(folder: str, runs: int) -> None:
    """Measure an emergency stop up to its first cancel, and print its line."""
    floor, cancels = [], []
    with fake_alpaca(folder) as (alpaca, home, env, account):
        for attempt in range(runs + 1):
            rest_an_entry(alpaca, account, attempt + 1)
            alone, cancel = once(FLOOR).seconds, time_to_first_cancel(alpaca, home, env)
            if attempt:
                floor.append(alone)
                cancels.append(cancel)
    seconds, ratio = median(cancels), median(cancels) / median(floor)
    print(f"{'emergency-stop to its first cancel':<40} {seconds:>8.3f} {ratio:>6.2f}x {'':>16} {FIRST_CANCEL:>7}x")


if __name__ == "__main__":
    main()
