"""run-daily over 500 and 5,000 synthetic symbols: time and memory should grow no faster than the universe.

python scripts/bench/run_daily.py [--symbols 500 5000] [--sessions 300] [--seed 7]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Figure, once, show, tradebot
from synthetic import symbols, write_market


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    figures = [_floor(arguments.runs)]
    for count in arguments.symbols:
        figures.append(_measure(count, arguments.sessions, arguments.seed, arguments.runs))
    show(figures)
    if len(figures) > 2:
        small, large = figures[1], figures[-1]
        growth = arguments.symbols[-1] / arguments.symbols[0]
        print(f"{growth:.0f} times the symbols take {large.seconds / small.seconds:.1f} times the time")


def _floor(runs: int) -> Figure:
    results = sorted(once([sys.executable, "-c", "import pandas, talib"]) for _ in range(runs))
    seconds, peak, code = results[len(results) // 2]
    return Figure("import pandas, talib (the floor)", seconds, peak, code)


def _measure(count: int, sessions: int, seed: int, runs: int) -> Figure:
    """The second and later sessions of a home: what a cron job pays each day, after the file was taken in once."""
    with tempfile.TemporaryDirectory() as folder:
        market = Path(folder) / "market.parquet"
        days = write_market(market, count, sessions, seed)
        home = Path(folder) / "home"
        home.mkdir()
        (home / ".env").write_text(
            f"PAPER_DATA={market}\nPAPER_START={days[-runs - 3]}\nSYMBOLS={','.join(symbols(count))}\n"
            "STRATEGIES=rsi2_mean_reversion\n"
        )
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        once(tradebot("run-daily", "--home", str(home)), env)
        results = []
        for _ in range(runs):
            subprocess.run(tradebot("paper", "next", "--home", str(home)), check=True, capture_output=True)
            results.append(once(tradebot("run-daily", "--home", str(home)), env))
        seconds, peak, code = sorted(results)[len(results) // 2]
        return Figure(f"run-daily, {count} symbols x {sessions} sessions", seconds, peak, code)


if __name__ == "__main__":
    main()
