"""The cost of durable commits: run-daily as it is, as a ratio to run-daily that never waits for the disk.

python scripts/bench/durability.py [--sessions 15] [--home-in FOLDER]

Both trade the same sessions in turn. FOLDER chooses the disk.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, prepare, show, tradebot

_VARIANTS = {"unsynced": "run-daily that waits for no disk (the floor)", "as-it-is": "run-daily as it is"}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=15)
    parser.add_argument("--home-in", type=Path, help="the folder to work in (default: the system's temporary folder)")
    arguments = parser.parse_args()
    measured: dict[str, list[Run]] = {variant: [] for variant in _VARIANTS}
    with tempfile.TemporaryDirectory(dir=arguments.home_in) as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        for variant in _VARIANTS:
            prepare(tradebot("run-daily", "--home", f"{folder}/{variant}"), env)
        for _ in range(arguments.sessions):
            for variant, runs in measured.items():
                home = f"{folder}/{variant}"
                prepare(tradebot("paper", "next", "--home", home), env)
                runs.append(
                    once([sys.executable, "scripts/bench/unsynced.py", variant, "run-daily", "--home", home], env)
                )
    show([Figure.of(name, measured[variant]) for variant, name in _VARIANTS.items()])


if __name__ == "__main__":
    main()
