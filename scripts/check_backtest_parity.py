"""Replay a period and backtest it, and compare fills, trades, closes and denials to the cent.

python scripts/check_backtest_parity.py                              2003 to 2010, the strategies of the defaults
python scripts/check_backtest_parity.py --strategies all             every shipped strategy, together
python scripts/check_backtest_parity.py --strategies all --singly    one after the other
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
from decimal import Decimal
from pathlib import Path

from tradebot.backtest.bars import bars_of
from tradebot.backtest.report import books_of
from tradebot.backtest.setup import Setup
from tradebot.backtest.signals import SignalBook
from tradebot.backtest.walk import Walk
from tradebot.core.model.values import canonical
from tradebot.plugins.discovery import discover, find
from tradebot.plugins.load import read_plugin
from tradebot.runtime.backtest.signal_source import SignalSource
from tradebot.runtime.paper_exchange import fill_rules, prices_of
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import Settings

SHOWN = 10


#: What is compared, each with its rows in a ledger.
TABLES = {
    "fills": "SELECT session, symbol, side, quantity, price, fee FROM fills",
    "trades": (
        "SELECT exit_session, strategy, symbol, quantity, entry_price, exit_price, fees, pnl, entry_session FROM trades"
    ),
    "closes": "SELECT session, equity FROM closes",
    "denials": "SELECT session, strategy, symbol, code, value, limit_value FROM decisions WHERE outcome = 'denied'",
}
Lines = dict[str, list[str]]


def replayed(home: Path) -> Lines:
    """The tables of a home's ledger, a line each row."""
    with closing(sqlite3.connect(home / "trading_robot.db")) as ledger:
        return {name: [line(*row) for row in ledger.execute(sql)] for name, sql in TABLES.items()}


def line(*values: object) -> str:
    """A row as text."""
    texts = (canonical(value) if isinstance(value, Decimal) else value for value in values)
    return " ".join("-" if text is None else str(text) for text in texts)


def backtested(names: list[str], first: date, last: date) -> tuple[Lines, Walk]:
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
    books, sessions = books_of(walk), bars.sessions
    return {
        "fills": [line(f.session, f.symbol, f.side, f.quantity, f.price, f.fee) for f in books.fills],
        "trades": [
            line(
                c.exit_session, c.strategy, c.symbol, c.quantity, c.entry_price, c.exit_price, c.fees, c.pnl,
                c.entry_session,
            )
            for c in books.closures
        ],
        "closes": [line(sessions[row], equity) for row, equity in zip(walk.rows, walk.equity, strict=True)],
        "denials": [line(sessions[d.row], d.strategy, d.symbol, d.code, d.value, d.limit) for d in walk.denied],
    }, walk  # fmt: skip


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


def is_equal(strategies: list[str], first: date, last: date, home: Path | None) -> bool:
    """Replay, unless ``home`` was replayed already, and compare. Whether every table is equal."""
    with tempfile.TemporaryDirectory() as folder:
        place = home or Path(folder) / "home"
        if home is None:
            command = [sys.executable, "-m", "tradebot", "replay", "--home", str(place)]
            command += ["--from", str(first), "--to", str(last)]
            environment = {**os.environ, "STRATEGIES": ",".join(strategies)}
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        theirs = replayed(place)
    ours, walk = backtested(strategies, first, last)
    print(f"{', '.join(strategies)}; met on the way: {dict(+walk.counts)}")
    found = [compare(name, theirs[name], ours[name]) for name in TABLES]
    return all(found)


def main() -> int:
    """Compare, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2003, 1, 2))
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=date(2010, 12, 31))
    parser.add_argument("--strategies", default=",".join(Settings().strategies), help="names, or all")
    parser.add_argument("--singly", action="store_true")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    names = [each.name for each in discover([])] if options.strategies == "all" else options.strategies.split(",")
    groups = [[name] for name in names] if options.singly else [names]
    equal = [is_equal(group, options.first, options.last, options.home) for group in groups]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
