"""Run one other engine over the benchmark's universe, and print its figures as a line of JSON.

python -m venv VENV && VENV/bin/pip install vectorbt bt backtesting
VENV/bin/python scripts/bench/backtest_peers.py ENGINE FILE --runs 3

``backtest.py --peers VENV/bin/python`` calls it for each engine. It imports nothing of tradebot, and tradebot depends
on none of the engines. FILE is written by ``backtest.py``: opens, closes, and where the rule enters and leaves.

Each engine is asked in its own way for the same trades: floor(100,000 / close) shares at the next open, without costs.
Seconds are of the processor, over the whole call: what an engine computes first and keeps afterwards is in the first.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

CASH, ORDER = 100_000_000, 100_000


@dataclass(frozen=True)
class Job:
    """Prices and signals. Row t of a signal is decided on at the close of t."""

    opens: pd.DataFrame
    closes: pd.DataFrame
    entries: pd.DataFrame
    exits: pd.DataFrame

    @property
    def shares(self) -> pd.DataFrame:
        """The shares of an entry that is decided on in each row."""
        return ORDER // self.closes


def vectorbt(job: Job) -> float:
    """Signals and sizes are moved to the session of their fill, which is at the price given."""
    engine = importlib.import_module("vectorbt")
    portfolio = engine.Portfolio.from_signals(
        job.closes,
        job.entries.shift(1, fill_value=False),
        job.exits.shift(1, fill_value=False),
        price=job.opens,
        size=job.shares.shift(1),
        init_cash=CASH,
        group_by=True,
        cash_sharing=True,
        freq="1D",
    )
    return float(portfolio.final_value())


def backtesting(job: Job) -> float:
    """One instrument at a time, as it knows no account of several: the gains are added up."""
    engine = importlib.import_module("backtesting")

    class Cross(engine.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            """Nothing is computed here: the signals are given."""

        def next(self) -> None:
            row = len(self.data) - 1
            if self.position and self.data.Leaves[row]:
                self.position.close()
            elif not self.position and self.data.Enters[row]:
                self.buy(size=int(self.data.Shares[row]))

    gained, shares = 0.0, job.shares
    for name in job.closes.columns:
        opens, closes = job.opens[name], job.closes[name]
        frame = pd.DataFrame(
            {
                "Open": opens,
                "High": np.maximum(opens, closes),
                "Low": np.minimum(opens, closes),
                "Close": closes,
                "Enters": job.entries[name],
                "Leaves": job.exits[name],
                "Shares": shares[name],
            }
        )
        result = engine.Backtest(frame, Cross, cash=10 * ORDER).run()
        gained += result["Equity Final [$]"] - 10 * ORDER
    return CASH + gained


def bt(job: Job) -> float:
    """It trades at the prices that it values by: the opens, so that its total is at the last open."""
    engine = importlib.import_module("bt")
    enters = job.entries.shift(1, fill_value=False).to_numpy()
    leaves = job.exits.shift(1, fill_value=False).to_numpy()
    shares = job.shares.shift(1).to_numpy()
    names = list(job.opens.columns)
    rows = {stamp: row for row, stamp in enumerate(job.opens.index)}

    class Trade(engine.Algo):  # type: ignore[misc, name-defined]
        def __call__(self, target: Any) -> bool:
            row = rows.get(target.now)
            if row is None:
                return True
            for column in np.flatnonzero(enters[row] | leaves[row]):
                name = names[column]
                held = target.children[name].position if name in target.children else 0
                if held and leaves[row, column]:
                    target.transact(-held, name, update=False)
                elif not held and enters[row, column]:
                    target.transact(shares[row, column], name, update=False)
            target.root.update(target.now)
            return True

    strategy = engine.Strategy("cross", [Trade()], children=names)
    test = engine.Backtest(strategy, job.opens, initial_capital=CASH, integer_positions=True, progress_bar=False)
    test.run()
    return float(test.strategy.value)


ENGINES: dict[str, Callable[[Job], float]] = {"vectorbt": vectorbt, "backtesting": backtesting, "bt": bt}


def main() -> None:
    """Run an engine several times."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with np.load(options.file) as kept:
        index, names = pd.DatetimeIndex(kept["sessions"]), [str(name) for name in kept["symbols"]]
        job = Job(*(pd.DataFrame(kept[name], index, names) for name in ("opens", "closes", "entries", "exits")))
    started = time.process_time()
    module = importlib.import_module(options.engine)
    imported = time.process_time() - started
    seconds, total = [], 0.0
    for _ in range(options.runs):
        started = time.process_time()
        total = ENGINES[options.engine](job)
        seconds.append(time.process_time() - started)
    later = statistics.median(seconds[1:]) if len(seconds) > 1 else seconds[0]
    figures = {"imported": imported, "first": seconds[0], "later": later, "total": round(total, 2)}
    print(json.dumps({"version": getattr(module, "__version__", "?"), **figures}))


if __name__ == "__main__":
    main()
