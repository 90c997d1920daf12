"""What it costs that every step is on the disk before the next one: run-daily as it is, against one that never waits.

python scripts/bench/durability.py [--sessions 15] [--home-in FOLDER]

Both walk through the same sessions, in turns. FOLDER chooses the disk that is measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, prepare, show, tradebot

_WAYS = {"unsynced": "run-daily that waits for no disk (the floor)", "as-it-is": "run-daily as it is"}


def main() -> None:
    """Measure with and without syncing, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=15)
    parser.add_argument("--home-in", type=Path, help="the folder to work in (default: the system's for what is brief)")
    arguments = parser.parse_args()
    seen: dict[str, list[Run]] = {way: [] for way in _WAYS}
    with tempfile.TemporaryDirectory(dir=arguments.home_in) as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        for way in _WAYS:
            prepare(tradebot("run-daily", "--home", f"{folder}/{way}"), env)
        for _ in range(arguments.sessions):
            for way, runs in seen.items():
                home = f"{folder}/{way}"
                prepare(tradebot("paper", "next", "--home", home), env)
                runs.append(once([sys.executable, "scripts/bench/unsynced.py", way, "run-daily", "--home", home], env))
    show([Figure.of(name, seen[way]) for way, name in _WAYS.items()])


if __name__ == "__main__":
    main()
