"""The cost of a replay, as a ratio to a process that only imports pandas.

python scripts/bench/replay.py [--from 2008-01-02] [--sessions 253] [--runs 3]

Both are whole processes: the replay's figures include its start, the loading of the bundled prices and the report.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, show, tradebot


def main() -> None:
    """Measure, and print the table and the sessions a second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", default="2008-01-02")
    parser.add_argument("--sessions", type=int, default=253)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    floors: list[Run] = []
    replays: list[Run] = []
    with tempfile.TemporaryDirectory() as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        span = ("--sessions", str(options.sessions), "--from", options.first)
        for number in range(options.runs):
            floors.append(once([sys.executable, "-c", "import pandas"], env))
            replays.append(once(tradebot("replay", "--home", f"{folder}/{number}", *span, "--json"), env))
    replay = Figure.of(f"replay of {options.sessions} sessions", replays)
    show([Figure.of("import pandas (the floor)", floors), replay])
    print(f"{options.sessions / replay.seconds:.1f} sessions a second")


if __name__ == "__main__":
    main()
