"""The cost of run-daily on 500 and 5,000 synthetic symbols. It should grow no faster than the number of symbols.

python scripts/bench/run_daily.py [--symbols 500 5000] [--sessions 300] [--strategies rsi2_mean_reversion]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.measure import Figure, Run, once, prepare, show, show_growth, tradebot

SEED = 7


def main() -> None:
    """Measure, and print the table and the growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--strategies", default="rsi2_mean_reversion")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    counts: list[int] = arguments.symbols
    floors: list[Run] = []
    first: dict[int, Run] = {}
    later: dict[int, list[Run]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory() as folder:
        env = {"TRADEBOT_STATE_DIR": f"{folder}/user"}
        homes = {count: _home(Path(folder) / str(count), count, arguments) for count in counts}
        for count, home in homes.items():
            first[count] = once(tradebot("run-daily", "--home", home), env)
        for _ in range(arguments.runs):
            floors.append(once([sys.executable, "-c", "import pandas, talib"]))
            for count, home in homes.items():
                prepare(tradebot("paper", "next", "--home", home), env)
                later[count].append(once(tradebot("run-daily", "--home", home), env))
    days = [Figure.of(f"run-daily, {count} symbols", later[count]) for count in counts]
    loading = [Figure.of(f"the first one, loads the file, {count} symbols", [first[count]]) for count in counts]
    show([Figure.of("import pandas, talib (the floor)", floors), *days, *loading])
    show_growth("symbols", counts[-1] / counts[0], days[0], days[-1])


def _home(home: Path, count: int, arguments: argparse.Namespace) -> str:
    """A home on a synthetic market, whose first session is a few sessions before the market's last."""
    home.mkdir()
    market = home / "market.parquet"
    made = prepare(
        [sys.executable, "scripts/bench/synthetic.py", str(market), str(count), str(arguments.sessions), str(SEED)]
    )
    names, *days = made.split()
    (home / ".env").write_text(
        f"PAPER_DATA={market}\nPAPER_START={days[-arguments.runs - 2]}\nSYMBOLS={names}\n"
        f"STRATEGIES={arguments.strategies}\n",
        encoding="utf-8",
    )
    return str(home)


if __name__ == "__main__":
    main()
