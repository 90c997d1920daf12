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

import pytest

from tradebot.backtest.bars import bars_of
from tradebot.backtest.report import Books, books_of
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


def test_every_denial_is_that_of_the_replay(walk: Walk) -> None:
    ours = [
        (walk.bars.sessions[d.row].isoformat(), d.strategy, d.symbol, d.code.value, text(d.value), text(d.limit))
        for d in walk.denied
    ]
    assert sorted(ours) == kept("decisions", "session strategy symbol code value limit_value", "denied")
