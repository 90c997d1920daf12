"""How many sessions a second a replay walks, against the same sessions with nothing decided (bars read, no jobs).

python scripts/bench/replay.py [--sessions 252] [--from 2007-01-03]
"""

from __future__ import annotations

import argparse
import sys
import tempfile

from measure import in_turns, show, tradebot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=252)
    parser.add_argument("--from", dest="first", default="2007-01-03")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    floor = "import pandas, talib; from tradebot.market.pricefile import PriceFile; sum(1 for _ in PriceFile().bars())"
    with tempfile.TemporaryDirectory() as folder:
        # A fresh home each time: the shell makes its name from its own pid.
        line = (
            f"exec {sys.executable} -m tradebot replay --home {folder}/$$ "
            f"--sessions {arguments.sessions} --from {arguments.first} --json"
        )
        figures = in_turns(
            {
                "read the bundled bars (the floor)": [sys.executable, "-c", floor],
                "start, then report on one session": tradebot("report", "--home", f"{folder}/none"),
                f"replay of {arguments.sessions} sessions": ["sh", "-c", line],
            },
            arguments.runs,
            {"TRADEBOT_STATE_DIR": f"{folder}/user"},
        )
    show(figures)
    print(f"{arguments.sessions / figures[-1].seconds:.1f} sessions a second, process start included")


if __name__ == "__main__":
    main()
