"""Splits and dividends of real stocks pass through an open position: position, stop, books and equity follow.

What the account should be worth is worked out here a second time, from the rows of the bundled files.
"""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import ReplayOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.errors import ExitCode
from tradebot.jobs import report
from tradebot.reports.statistics import statistics

DATA = Path(__file__).parents[2] / "tradebot" / "data"
CENT = Decimal("0.01")
#: A stop so far away that nothing but the strategy's own word ends the position.
HOLDS = 'stop=Decimal("0.60")'


@cache
def bars() -> dict[tuple[str, str], dict[str, Decimal]]:
    """Raw prices by symbol and date, as they were traded."""
    with gzip.open(DATA / "us_daily_2000_2013.csv.gz", "rt") as lines:
        return {
            (row["symbol"], row["date"]): {name: Decimal(row[name]) for name in ("open", "close")}
            for row in csv.DictReader(lines)
        }


def price(symbol: str, day: date, name: str = "close") -> Decimal:
    return bars()[symbol, day.isoformat()][name]


def actions(symbol: str, day: date, kind: str) -> list[Decimal]:
    with (DATA / "corporate_actions_2000_2013.csv").open() as lines:
        wanted = (symbol, day.isoformat(), kind)
        return [
            Decimal(row["value"])
            for row in csv.DictReader(lines)
            if (row["symbol"], row["ex_date"], row["kind"]) == wanted
        ]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def replayed(make_house: MakeHouse, symbol: str, first: date) -> tuple[House, ReplayOutcome]:
    """Ten sessions with the real jobs: bought in the second, sold in the eighth."""
    house = make_house(bundled=10, first=first)
    script = Script(symbols=(symbol,), enter={symbol: [house.days[2]]}, leave={symbol: [house.days[8]]}, policy=HOLDS)
    house.told(script)
    return house, house.replay(house.days[9])


def closing_equity(house: House) -> dict[date, Decimal]:
    """The last equity point of each session."""
    rows = house.rows("SELECT session, equity FROM equity ORDER BY seq")
    return {date.fromisoformat(row["session"]): Decimal(row["equity"]) for row in rows}


CASES = [
    pytest.param("AAPL", date(2000, 6, 14), date(2000, 6, 21), id="AAPL split 2000"),
    pytest.param("MSFT", date(2003, 2, 10), date(2003, 2, 18), id="MSFT split 2003, a dividend on the day after"),
    pytest.param("AAPL", date(2005, 2, 18), date(2005, 2, 28), id="AAPL split 2005"),
    pytest.param("MSFT", date(2004, 11, 8), date(2004, 11, 15), id="MSFT special dividend 2004"),
]


@pytest.mark.parametrize(("symbol", "first", "ex_date"), CASES)
def test_equity_is_continuous_to_the_cent(make_house: MakeHouse, symbol: str, first: date, ex_date: date) -> None:
    house, _ = replayed(make_house, symbol, first)
    assert ex_date in house.days[4:8], "the action must fall on an open position"
    (bought,) = house.rows("SELECT quantity, price, fee FROM fills WHERE side = 'buy'")
    shares = Decimal(bought["quantity"])
    cash = 100_000 - shares * Decimal(bought["price"]) - Decimal(bought["fee"])
    equity = closing_equity(house)
    for day in house.days[2:8]:
        shares *= next(iter(actions(symbol, day, "split")), Decimal(1))
        cash += sum((cents(shares * dividend) for dividend in actions(symbol, day, "dividend")), Decimal(0))
        assert equity[day] == cents(cash + shares * price(symbol, day)), day


@pytest.mark.parametrize(("symbol", "first", "ex_date"), CASES)
def test_books_stop_and_round_trip_follow(make_house: MakeHouse, symbol: str, first: date, ex_date: date) -> None:
    house, outcome = replayed(make_house, symbol, first)
    (bought,) = house.rows("SELECT quantity, price, fee FROM fills WHERE side = 'buy'")
    (sold,) = house.rows("SELECT quantity, price, fee FROM fills WHERE side = 'sell'")
    ratio = next(iter(actions(symbol, ex_date, "split")), Decimal(1))
    assert Decimal(sold["quantity"]) == Decimal(bought["quantity"]) * ratio

    # The sale is at the open of its session, worse by the slippage: 0.05 %, rounded down to the cent.
    opened = price(symbol, house.days[8], "open")
    assert Decimal(sold["price"]) == (opened * Decimal("0.9995")).quantize(CENT, rounding="ROUND_FLOOR")
    (trade,) = house.rows("SELECT quantity, entry_price, pnl, fees, exit_reason FROM trades")
    cost = Decimal(bought["quantity"]) * Decimal(bought["price"])
    fees = Decimal(bought["fee"]) + Decimal(sold["fee"])
    proceeds = Decimal(sold["quantity"]) * Decimal(sold["price"])
    assert Decimal(trade["pnl"]) == proceeds - cost - fees
    assert Decimal(trade["quantity"]) * Decimal(trade["entry_price"]) == cost
    assert trade["exit_reason"] == "exit signal: told to leave"

    # One stop rested all the time, and was not sent anew: it followed the split at the exchange.
    stops = house.rows("SELECT client_order_id, quantity, stop_price FROM broker_orders WHERE role = 'stop'")
    (stop,) = stops
    assert Decimal(stop["quantity"]) == Decimal(sold["quantity"])
    first_price = (price(symbol, house.days[2], "open") * Decimal("0.4")).quantize(CENT, rounding="ROUND_CEILING")
    assert Decimal(stop["stop_price"]) == cents(first_price / ratio)

    assert house.rows("SELECT 1 FROM breaks") == []
    assert house.rows("SELECT DISTINCT exit_code FROM runs WHERE job <> 'preflight'") == [{"exit_code": 0}]
    assert outcome.exit_code is ExitCode.OK
    dividends = house.rows("SELECT amount, strategy FROM cash_events WHERE kind = 'dividend'")
    assert {row["strategy"] for row in dividends} <= {"scripted"}


@pytest.mark.parametrize(("symbol", "first", "ex_date"), CASES[1:2])
def test_the_report_over_a_split_and_a_dividend(make_house: MakeHouse, symbol: str, first: date, ex_date: date) -> None:
    house, _ = replayed(make_house, symbol, first)
    with house.desk() as desk:
        told = report.run(desk, AskedPeriod(Period.ALL))
    assert told.totals is not None
    equity = closing_equity(house)
    paid = sum((event.amount for event in told.cash_events if event.symbol == symbol), Decimal(0))
    assert paid > 0
    assert equity[house.days[9]] == 100_000 + told.totals.pnl + paid
    assert statistics(told)


def after_reverse_split(make_house: MakeHouse, before: str, after: str, risk: str) -> tuple[House, Outcome]:
    """The run of the session in which ten old shares became a new one, of what was bought the session before."""
    house = make_house(
        Script(enter={"ACME": [date(2007, 1, 4)]}, policy=HOLDS),
        prices={"ACME": [before, before, after, after]},
        actions=["ACME,2007-01-05,split,0.1"],
        settings={"RISK_PER_TRADE_PCT": risk},
    )
    house.daily()
    house.next()
    return house, house.daily()


def test_a_reverse_split_pays_for_the_fraction_of_a_share(make_house: MakeHouse) -> None:
    # 90 USD at risk over 6 USD a share are 15 shares for 150 USD; 1.5 after the split, half a share worth 50 USD.
    house, outcome = after_reverse_split(make_house, "10 10.1 9.9 10", "102 103 101 102", "0.09%")
    assert outcome.account is not None
    assert outcome.account.equity == 100_000 - 150 + 50 + 102
    assert (outcome.breaks, outcome.orders) == ((), ())
    assert house.stops() == [(Decimal(1), Decimal(40))]
    held = house.holding()
    assert held is not None
    assert (held.quantity, held.entry_price, held.stop_price) == (Decimal(1), Decimal(150), Decimal(40))
    assert house.rows("SELECT kind, amount FROM cash_events WHERE symbol = 'ACME'") == [
        {"kind": "cash_in_lieu", "amount": "50"}
    ]


def test_a_reverse_split_may_leave_no_share_at_all(make_house: MakeHouse) -> None:
    # 72 USD at risk over 12 USD a share are 6 shares for 120 USD; 0.6 after the split, paid out at 200 USD a share.
    house, outcome = after_reverse_split(make_house, "20 20.2 19.8 20", "204 206 202 204", "0.072%")
    assert outcome.account is not None
    assert outcome.account.equity == 100_000
    assert outcome.exit_code is ExitCode.OK
    assert (house.positions(), house.open_orders(), house.holding()) == ({}, (), None)
    assert house.rows("SELECT quantity, pnl FROM trades") == [{"quantity": "6", "pnl": "-120"}]
    assert house.rows("SELECT kind, amount FROM cash_events WHERE symbol = 'ACME'") == [
        {"kind": "cash_in_lieu", "amount": "120"}
    ]
