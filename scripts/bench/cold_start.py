"""How long commands take to start, against an interpreter that imports typer and does nothing.

python scripts/bench/cold_start.py [--runs 15]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import in_turns, prepare, show, tradebot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        traded, stopped = f"{folder}/traded", f"{folder}/stopped"
        for home in (traded, stopped):
            prepare(tradebot("run-daily", "--home", home), env)
        show(
            in_turns(
                {
                    "python -c 'import typer' (the floor)": [sys.executable, "-c", "import typer"],
                    "tradebot --help": tradebot("--help"),
                    "tradebot run-daily --help": tradebot("run-daily", "--help"),
                    "tradebot config check": tradebot("config", "check", "--home", traded),
                    "tradebot status --json": tradebot("status", "--json", "--home", traded),
                    "tradebot emergency-stop": tradebot("emergency-stop", "--home", stopped),
                    "tradebot report": tradebot("report", "--home", traded),
                },
                runs,
                env,
            )
        )


if __name__ == "__main__":
    main()
