"""How many sessions a second a replay walks, beside a process that only reads the prices it walks on.

python scripts/bench/replay.py [--sessions 252] [--from 2007-01-03] [--runs 3]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, show, tradebot

FLOOR = "import pandas, talib; from tradebot.market.price_file import PriceFile; PriceFile().history()"


def main() -> None:
    """Measure replay and floor in turns, and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=252)
    parser.add_argument("--from", dest="first", default="2007-01-03")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    floors: list[Run] = []
    replays: list[Run] = []
    with tempfile.TemporaryDirectory() as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        span = ("--sessions", str(arguments.sessions), "--from", arguments.first)
        for number in range(arguments.runs):
            floors.append(once([sys.executable, "-c", FLOOR], env))
            replays.append(once(tradebot("replay", "--home", f"{folder}/{number}", *span, "--json"), env))
    replay = Figure.of(f"replay of {arguments.sessions} sessions", replays)
    show([Figure.of("read the bundled prices (the floor)", floors), replay])
    print(f"{arguments.sessions / replay.seconds:.1f} sessions a second, process start and report included")


if __name__ == "__main__":
    main()
