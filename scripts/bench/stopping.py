"""How fast an emergency stop is: the whole process against an interpreter that imports typer and requests, and the time
until the latch is on the disk, from the start of the process and from the start of its own work.

python scripts/bench/stopping.py [--runs 15]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import ROOT, environment, in_turns, prepare, show, tradebot

FLOOR = "python -c 'import typer, requests' (the floor)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        traded, stopped, latched = f"{folder}/traded", f"{folder}/stopped", f"{folder}/latched"
        for home in (traded, stopped, latched):
            prepare(tradebot("run-daily", "--home", home), env)
        show(
            in_turns(
                {
                    FLOOR: [sys.executable, "-c", "import typer, requests"],
                    "tradebot status": tradebot("status", "--home", traded),
                    "tradebot emergency-stop": tradebot("emergency-stop", "--home", stopped),
                    "tradebot emergency-stop --close-positions": tradebot(
                        "emergency-stop", "--close-positions", "--home", stopped
                    ),
                },
                runs,
                env,
            )
        )
        show_latch([time_to_latch(Path(latched), env) for _ in range(runs)])


def time_to_latch(home: Path, env: dict[str, str]) -> tuple[float, float]:
    """Seconds from the start of the process, and from that of its own work, to the latch on the disk."""
    latch = home / "state" / "HALT"
    latch.unlink(missing_ok=True)
    command = tradebot("emergency-stop", "--json", "--home", str(home))
    started = time.time()
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment(env))
    return latch.stat().st_mtime - started, json.loads(ended.stdout)["timings"]["latched"]


def show_latch(seen: list[tuple[float, float]]) -> None:
    of_process, of_work = ([figures[place] for figures in seen] for place in (0, 1))
    print("milliseconds to the latch on the disk, median and worst:")
    for name, figures in (("from the process's start", of_process), ("from the start of its own work", of_work)):
        print(f"  {name:<34} {1000 * median(figures):>7.0f} {1000 * max(figures):>7.0f}")


if __name__ == "__main__":
    main()
