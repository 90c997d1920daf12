"""How long the quick commands take to start, against an interpreter that imports typer and does nothing.

python scripts/bench/cold_start.py [--runs 15]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile

from measure import in_turns, show, tradebot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        env = {"TRADEBOT_STATE_DIR": f"{home}/user"}
        subprocess.run(tradebot("run-daily", "--home", home), check=True, capture_output=True)
        show(
            in_turns(
                {
                    "python -c 'import typer' (the floor)": [sys.executable, "-c", "import typer"],
                    "tradebot --help": tradebot("--help"),
                    "tradebot run-daily --help": tradebot("run-daily", "--help"),
                    "tradebot status --json": tradebot("status", "--json", "--home", home),
                    "tradebot config check": tradebot("config", "check", "--home", home),
                    "tradebot emergency-stop": tradebot("emergency-stop", "--home", home),
                    "tradebot report": tradebot("report", "--home", home),
                },
                runs,
                env,
            )
        )


if __name__ == "__main__":
    main()
