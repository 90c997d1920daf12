"""The gate of parity: a backtest of three years gives the fills, trades, closes and denials of their replay.

The tables of the replay are kept in tests/fixtures, and scripts/check_replay_golden.py replays them anew.
"""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import empyrical
import numpy as np
import pytest

from tradebot.backtest.bars import bars_of
from tradebot.backtest.report import Books, books_of, report_of
from tradebot.backtest.setup import Setup
from tradebot.backtest.signals import SignalBook
from tradebot.backtest.walk import Walk
from tradebot.brokers.paper.market_data import benchmark
from tradebot.core.model.account import ActionKind
from tradebot.core.model.values import canonical
from tradebot.plugins.discovery import find
from tradebot.plugins.load import read_plugin
from tradebot.reports.statistics import statistics
from tradebot.runtime.backtest.signal_source import SignalSource
from tradebot.runtime.paper_exchange import fill_rules, prices_of
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.settings import Settings

FOLDER = Path(__file__).parents[1] / "fixtures" / "replay_2007_2009"
FIRST, LAST = date(2007, 1, 3), date(2009, 12, 31)


def kept(table: str, columns: str, outcome: str = "") -> list[tuple[str, ...]]:
    """Columns of a table of the replay, sorted."""
    text = gzip.decompress((FOLDER / f"{table}.csv.gz").read_bytes()).decode()
    rows = csv.DictReader(io.StringIO(text))
    return sorted(tuple(row[name] for name in columns.split()) for row in rows if row.get("outcome", "") == outcome)


def text(value: object) -> str:
    return "" if value is None else canonical(value) if isinstance(value, Decimal) else str(value)


@pytest.fixture(scope="module")
def walk() -> Walk:
    """The backtest of what a home replays that sets nothing."""
    settings = Settings()
    prices = prices_of(settings)
    plugins = [read_plugin(found) for found in find(settings.strategies, [])]
    symbols = sorted({symbol for plugin in plugins for symbol in plugin.info.symbols})
    history, actions = prices.history(), prices.actions()
    bars = bars_of(history, actions, symbols)
    setup = Setup(
        limits=settings.limits(),
        cash=settings.paper_starting_cash,
        rules=fill_rules(settings),
        first=FIRST,
        last=LAST,
    )
    with closing(strategy_runner(settings)) as runner:
        source = SignalSource(runner, history, actions)
        tables = source.tables(plugins, settings.strategies, bars, range(len(bars.sessions)))
    walked = Walk(bars, SignalBook(tables, symbols), setup)
    walked.run()
    return walked


@pytest.fixture(scope="module")
def books(walk: Walk) -> Books:
    return books_of(walk)


def test_every_fill_is_that_of_the_replay(books: Books, walk: Walk) -> None:
    fills = [
        (f.session.isoformat(), f.symbol, f.side.value, text(f.quantity), text(f.price), text(f.fee), f"{f.at:%H:%M}")
        for f in books.fills
    ]
    replayed = kept("fills", "session symbol side quantity price fee at")
    assert sorted(fills) == [(*row[:-1], row[-1][11:16]) for row in replayed]
    assert len(fills) > 300


def test_every_round_trip_is_that_of_the_replay(books: Books) -> None:
    columns = "exit_session strategy symbol quantity entry_price exit_price fees pnl entry_session exit_reason"
    ours = [
        (
            c.exit_session.isoformat(), c.strategy, c.symbol, text(c.quantity), text(c.entry_price),
            text(c.exit_price), text(c.fees), text(c.pnl), c.entry_session.isoformat(),
        )
        for c in books.closures
    ]  # fmt: skip
    assert sorted(ours) == [row[:-1] for row in kept("trades", columns)]


def test_every_close_is_that_of_the_replay(walk: Walk) -> None:
    closes = zip(walk.rows, walk.equity, walk.invested, strict=True)
    ours = [(walk.bars.sessions[row].isoformat(), text(equity), text(invested)) for row, equity, invested in closes]
    assert ours == kept("equity", "session equity long_value")


def test_every_statistic_is_that_of_another_program(walk: Walk) -> None:
    """Of empyrical-reloaded, or of plain arithmetic on the closes."""
    closes = dict(benchmark(FIRST, LAST))
    figures = {figure.key: figure.value for figure in statistics(report_of(walk, closes))}
    equity = np.array([float(each) for each in (walk.setup.cash, *walk.equity)])
    index = np.array([closes[walk.bars.sessions[row]] for row in walk.rows])
    invested = np.array([float(each) for each in walk.invested])
    own, market = equity[1:] / equity[:-1] - 1, index[1:] / index[:-1] - 1
    assert (
        figures
        == {
            key: pytest.approx(float(value), rel=1e-6 if key == "buy_and_hold_return" else 1e-9)  # to six decimals
            for key, value in {
                "total_return": empyrical.cum_returns_final(own),
                "cagr": empyrical.annual_return(own),
                "annual_volatility": empyrical.annual_volatility(own),
                "sharpe": empyrical.sharpe_ratio(own),
                "sortino": empyrical.sortino_ratio(own),
                "max_drawdown": empyrical.max_drawdown(own),
                "calmar": empyrical.calmar_ratio(own),
                "exposure": np.mean(invested / equity[1:]),
                "time_in_market": np.mean(invested > 0),
                "benchmark_return": index[-1] / index[0] - 1,
                "beta": empyrical.beta_aligned(own[1:], market),
                "alpha": empyrical.alpha_aligned(own[1:], market),
                "buy_and_hold_return": np.mean([held_return(walk, symbol) for symbol in bought(walk)]),
            }.items()
        }
    )


def bought(walk: Walk) -> list[str]:
    """The symbols with a close in the first session."""
    return [symbol for column, symbol in enumerate(walk.bars.symbols) if walk.bars.close_mark[walk.rows[0], column]]


def held_return(walk: Walk, symbol: str) -> float:
    """What a share that is held from the first close on comes to, by the unadjusted closes of the price file."""
    prices = prices_of(Settings())
    closes = prices.history().close[symbol].loc[str(FIRST) : str(LAST)]
    shares, cash = 1.0, 0.0
    for action in sorted(prices.actions(), key=lambda each: each.ex_date):
        if action.symbol == symbol and FIRST < action.ex_date <= LAST:
            shares *= float(action.value) if action.kind is ActionKind.SPLIT else 1
            cash += shares * float(action.value) if action.kind is ActionKind.DIVIDEND else 0
    return float((shares * closes.iloc[-1] + cash) / closes.iloc[0] - 1)


def test_every_denial_is_that_of_the_replay(walk: Walk) -> None:
    ours = [
        (walk.bars.sessions[d.row].isoformat(), d.strategy, d.symbol, d.code.value, text(d.value), text(d.limit))
        for d in walk.denied
    ]
    assert sorted(ours) == kept("decisions", "session strategy symbol code value limit_value", "denied")
