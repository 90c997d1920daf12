"""The cost of `report --html` over ten years, as a ratio to `report` over the same ledger.

python scripts/bench/html_report.py [--fills 20000] [--runs 5]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import in_turns, once, show, tradebot

#: The synthetic history begins in March 2000; the exchange begins ten years later.
START = "2010-03-01"


def main() -> None:
    """Measure, and print the ratio and the size of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fills", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, page = f"{folder}/home", Path(folder, "report.html")
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user", "PAPER_START": START}
        made = once([sys.executable, "scripts/bench/large_ledger.py", home, str(arguments.fills)], env)
        print(f"ten years, {arguments.fills:,} fills, written in {made.seconds:.0f} s", flush=True)
        report = tradebot("report", "--period", "all", "--home", home)
        show(in_turns({"report": report, "report --html": [*report, "--html", str(page)]}, arguments.runs, env))
        print(f"the page: {page.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
