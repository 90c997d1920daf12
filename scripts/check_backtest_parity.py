"""Replay a period and backtest it, and compare fills, trades, fees and equity to the cent.

python scripts/check_backtest_parity.py                              2003 to 2010, the strategies of the defaults
python scripts/check_backtest_parity.py --from 2007-01-03 --to 2007-12-31 --strategies rsi2_mean_reversion
python scripts/check_backtest_parity.py --home HOME                  with a home that was replayed already
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import date
from pathlib import Path

from tradebot.backtest.account import BookedFill
from tradebot.backtest.bars import bars_of
from tradebot.backtest.setup import Setup
from tradebot.backtest.signals import SignalBook
from tradebot.backtest.walk import Walk
from tradebot.core.model.values import canonical
from tradebot.plugins.discovery import find
from tradebot.plugins.load import read_plugin
from tradebot.runtime.backtest.signal_source import SignalSource
from tradebot.runtime.paper_exchange import fill_rules, prices_of
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import Settings

SHOWN = 10


def replayed(home: Path) -> tuple[list[str], list[str]]:
    """The fills and the closing equity of a home's ledger, as lines."""
    with closing(sqlite3.connect(home / "trading_robot.db")) as ledger:
        fills = ledger.execute(
            "SELECT session, symbol, side, quantity, price, fee FROM fills ORDER BY number"
        ).fetchall()
        closes = ledger.execute("SELECT session, equity FROM closes ORDER BY session").fetchall()
    return [" ".join(map(str, row)) for row in fills], [" ".join(map(str, row)) for row in closes]


def backtested(names: list[str], first: date, last: date) -> tuple[list[str], list[str], Walk]:
    """The same of a backtest."""
    settings = Settings()
    prices = prices_of(settings)
    history, actions = prices.history(), prices.actions()
    plugins = [read_plugin(found) for found in find(names, [])]
    symbols = sorted({symbol for plugin in plugins for symbol in plugin.info.symbols})
    bars = bars_of(history, actions, symbols)
    with closing(strategy_runner(settings)) as runner:
        source = SignalSource(runner, history, actions)
        tables = source.tables(plugins, names, bars, range(len(bars.sessions)))
    rules = fill_rules(settings)
    setup = Setup(limits=settings.limits(), cash=settings.paper_starting_cash, rules=rules, first=first, last=last)
    walk = Walk(bars, SignalBook(tables, symbols), setup)
    walk.run()
    fills = [
        f"{bars.sessions[f.row]} {f.symbol} {f.side} {canonical(f.quantity)} {canonical(f.price)} {canonical(f.fee)}"
        for f in walk.account.booked
        if isinstance(f, BookedFill)
    ]
    closes = [f"{bars.sessions[row]} {canonical(equity)}" for row, equity in zip(walk.rows, walk.equity, strict=False)]
    return fills, closes, walk


def compare(what: str, theirs: list[str], ours: list[str]) -> bool:
    """Print how two lists differ, in the order of sessions. Whether they are equal."""
    left, right = sorted(theirs), sorted(ours)
    if left == right:
        print(f"{what}: {len(left):,} equal")
        return True
    only_left, only_right = sorted(set(left) - set(right)), sorted(set(right) - set(left))
    print(f"{what}: {len(left):,} and {len(right):,}; {len(only_left)} only in the replay, {len(only_right)} only here")
    for line in sorted([f"{line}  (replay)" for line in only_left] + [f"{line}  (backtest)" for line in only_right])[
        :SHOWN
    ]:
        print(f"  {line}")
    return False


def main() -> int:
    """Compare both, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2003, 1, 2))
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=date(2010, 12, 31))
    parser.add_argument("--strategies", default="tsla_improved_strategy,rsi2_mean_reversion,momentum_rotation")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        if options.home is None:
            command = [sys.executable, "-m", "tradebot", "replay", "--home", str(home)]
            command += ["--from", str(options.first), "--to", str(options.last)]
            environment = {**os.environ, "STRATEGIES": options.strategies}
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        fills, closes = replayed(home)
    own_fills, own_closes, walk = backtested(options.strategies.split(","), options.first, options.last)
    print(f"met on the way: {dict(walk.counts)}")
    equal = [compare("fills", fills, own_fills), compare("closes", closes, own_closes)]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
