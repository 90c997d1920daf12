"""Years replayed by the real command, and its books worked out a second time from the raw rows.

Nothing here imports tradebot: prices come from the bundled files, rows from SQLite, the arithmetic is the test's own.
"""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import closing
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.stories.processes.conftest import FIRST, LAST_OF_ONE, Machine

ROOT = Path(__file__).parents[3]
CENT = Decimal("0.01")
STARTING_CASH = Decimal(100000)


class Replayed:
    """A home after the replay: what the command said, and the rows of its ledger."""

    def __init__(self, machine: Machine) -> None:
        self.ledger = machine.ledger
        self.said = json.loads((machine.folder / "said.json").read_text())

    def rows(self, table: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.ledger)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY seq")]


@pytest.fixture(scope="module")
def replayed(replayed_years: Machine) -> Replayed:
    return Replayed(replayed_years)


@pytest.fixture(scope="module")
def closes() -> dict[tuple[str, str], Decimal]:
    with gzip.open(ROOT / "tradebot/data/us_daily_2000_2013.csv.gz", "rt") as lines:
        return {(row["symbol"], row["date"]): Decimal(row["close"]) for row in csv.DictReader(lines)}


def dividends() -> Iterator[tuple[str, str, Decimal]]:
    with (ROOT / "tradebot/data/corporate_actions_2000_2013.csv").open() as lines:
        for row in csv.DictReader(lines):
            if row["kind"] == "dividend":
                yield row["symbol"], row["ex_date"], Decimal(row["value"])


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


@pytest.fixture(scope="module")
def sessions(last_session: str) -> int:
    """How many were replayed: NYSE has 251 in 2007, 253 in 2008 and 252 in 2009."""
    return 251 if last_session == LAST_OF_ONE else 251 + 253 + 252


def test_it_traded_every_session_and_ended_with_the_report(replayed: Replayed, sessions: int) -> None:
    assert replayed.said["sessions"] == sessions
    assert replayed.said["status"] == "ran"
    assert len(replayed.rows("fills")) > sessions / 5


def test_every_fee_is_the_commission_of_its_order(replayed: Replayed) -> None:
    for fill in replayed.rows("fills"):
        expected = max(Decimal("1.00"), cents(Decimal(fill["quantity"]) * Decimal("0.005")))
        assert Decimal(fill["fee"]) == expected, fill["fill_id"]


def test_every_fill_lies_within_its_bar_apart_from_slippage(replayed: Replayed) -> None:
    with gzip.open(ROOT / "tradebot/data/us_daily_2000_2013.csv.gz", "rt") as lines:
        bars = {(row["symbol"], row["date"]): row for row in csv.DictReader(lines)}
    slippage = Decimal("0.0005")
    for fill in replayed.rows("fills"):
        bar = bars[fill["symbol"], fill["session"]]
        price = Decimal(fill["price"])
        assert Decimal(bar["low"]) * (1 - slippage) - CENT <= price <= Decimal(bar["high"]) * (1 + slippage) + CENT


def test_cash_and_equity_of_every_session_follow_from_fills_events_and_closes(
    replayed: Replayed, closes: dict[tuple[str, str], Decimal], sessions: int
) -> None:
    fills, events = defaultdict(list), defaultdict(list)
    for fill in replayed.rows("fills"):
        fills[fill["session"]].append(fill)
    for event in replayed.rows("cash_events"):
        if event["kind"] != "deposit":
            events[event["session"]].append(event)
    assert replayed.rows("corporate_actions") == []  # no split in these years
    closing_points = {row["session"]: row for row in replayed.rows("equity")}  # the last one of a session stays

    cash = STARTING_CASH
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for session, point in closing_points.items():
        for fill in fills.pop(session, ()):
            sign = 1 if fill["side"] == "buy" else -1
            cash -= sign * Decimal(fill["quantity"]) * Decimal(fill["price"]) + Decimal(fill["fee"])
            shares[fill["symbol"]] += sign * Decimal(fill["quantity"])
        cash += sum((Decimal(event["amount"]) for event in events.pop(session, ())), Decimal(0))
        value = sum((held * closes[symbol, session] for symbol, held in shares.items() if held), Decimal(0))
        assert Decimal(point["cash"]) == cash, session
        assert Decimal(point["equity"]) == cents(cash + value), session  # closes have up to four decimals
    assert not fills and not events
    assert len(closing_points) == sessions


def test_dividends_are_paid_for_what_was_held_at_the_previous_close(replayed: Replayed, last_session: str) -> None:
    paid = {(e["symbol"], e["session"]): Decimal(e["amount"]) for e in replayed.rows("cash_events") if e["symbol"]}
    expected = {}
    for symbol, ex_date, value in dividends():
        held = sum(
            (1 if fill["side"] == "buy" else -1) * Decimal(fill["quantity"])
            for fill in replayed.rows("fills")
            if fill["symbol"] == symbol and fill["session"] < ex_date
        )
        if held and FIRST <= ex_date <= last_session:
            expected[symbol, ex_date] = cents(held * value)
    assert paid == expected
    assert paid, "years without a dividend would test nothing"


def test_round_trips_are_those_of_first_in_first_out(replayed: Replayed) -> None:
    lots: dict[str, deque[list[Any]]] = defaultdict(deque)
    derived: list[tuple[str, Decimal, Decimal, Decimal]] = []
    fees = Decimal(0)
    for fill in replayed.rows("fills"):
        left, price = Decimal(fill["quantity"]), Decimal(fill["price"])
        if fill["side"] == "buy":
            lots[fill["symbol"]].append([left, price])
            continue
        while left:
            lot = lots[fill["symbol"]][0]
            closed = min(left, lot[0])
            derived.append((fill["symbol"], closed, lot[1], price))
            lot[0] -= closed
            left -= closed
            if not lot[0]:
                lots[fill["symbol"]].popleft()
    stored = [
        (t["symbol"], Decimal(t["quantity"]), Decimal(t["entry_price"]), Decimal(t["exit_price"]))
        for t in replayed.rows("trades")
    ]
    assert sorted(stored) == sorted(derived)

    fees = sum((Decimal(fill["fee"]) for fill in replayed.rows("fills")), Decimal(0))
    still_held = {symbol for symbol, open_lots in lots.items() if open_lots}
    if not still_held:
        assert sum(Decimal(t["fees"]) for t in replayed.rows("trades")) == fees
    gross = sum((quantity * (sold - bought) for _, quantity, bought, sold in derived), Decimal(0))
    booked_fees = sum((Decimal(t["fees"]) for t in replayed.rows("trades")), Decimal(0))
    assert sum((Decimal(t["pnl"]) for t in replayed.rows("trades")), Decimal(0)) == gross - booked_fees


def test_the_report_says_what_the_rows_say(replayed: Replayed) -> None:
    trades = replayed.rows("trades")
    pnl = [Decimal(trade["pnl"]) for trade in trades]
    totals = replayed.said["report"]["totals"]
    assert totals["trades"] == len(trades)
    assert Decimal(totals["pnl"]) == sum(pnl, Decimal(0))
    assert Decimal(totals["win_rate"]) == Decimal(sum(1 for p in pnl if p > 0)) / len(pnl)
    lost = -sum((p for p in pnl if p < 0), Decimal(0))
    assert Decimal(totals["profit_factor"]) == sum((p for p in pnl if p > 0), Decimal(0)) / lost
