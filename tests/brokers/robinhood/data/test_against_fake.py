"""The same market data from the fake brokerage, over the prices that its exchange trades on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.brokers.robinhood.conftest import Desk, MakeDesk
from tests.fakes.prices import sessions
from tests.fakes.robinhood import Terms
from tradebot.brokers.robinhood.data import RobinhoodMarket
from tradebot.core.model.account import ActionKind, CorporateAction, MarketClock
from tradebot.market.calendar import NyseCalendar

REFERENCES = ("AAPL", "MSFT", "SPY")
RISING = ("10 10 10 10", "20 22 19 21")


def market_of(desk: Desk, folder: Path) -> RobinhoodMarket:
    return RobinhoodMarket(desk.api, folder / "state", desk.clock, NyseCalendar())


def clock_of(desk: Desk) -> MarketClock:
    calendar, now = NyseCalendar(), desk.clock.now()
    return MarketClock(
        now, True, calendar.hours(now.date()), calendar.previous(now.date()), calendar.following(now.date())
    )


@pytest.mark.parametrize("five_years", ["given", "null", "a year"])
def test_history_and_closes_are_what_the_exchange_traded_at(
    five_years: str, robinhood: MakeDesk, tmp_path: Path
) -> None:
    desk = robinhood(*RISING, symbols=("ACME", *REFERENCES), terms=Terms(five_years=five_years))
    desk.pit.next("09:35")
    market, clock = market_of(desk, tmp_path), clock_of(desk)

    closes = market.history(["ACME"], 2, clock).close["ACME"]

    assert list(closes) == [100.0, 10.0]
    assert market.last_completed(clock) == closes.index[-1].date()
    assert market.closes(["ACME"], closes.index[-1].date()) == {"ACME": Decimal(10)}


def test_quotes_and_candles_are_of_today(robinhood: MakeDesk, tmp_path: Path) -> None:
    desk = robinhood(*RISING, symbols=("ACME", *REFERENCES), terms=Terms(quotes_missing=("MSFT",), left_out=("SPY",)))
    market, hours = market_of(desk, tmp_path), clock_of(desk).today
    assert hours is not None

    quotes = market.quotes(["ACME", "MSFT", "SPY", "NONE"])
    candles = market.candles(["ACME", "NONE"], hours.opens, desk.clock.now())

    assert set(quotes) == {"ACME"} and quotes["ACME"].previous_close == 100
    assert set(candles) == {"ACME"} and candles["ACME"][0].open == 10 and candles["ACME"][0].begins == hours.opens


def test_a_split_of_the_day_is_in_quotes_history_and_actions(robinhood: MakeDesk, tmp_path: Path) -> None:
    split = CorporateAction("ACME", sessions(2)[1], ActionKind.SPLIT, Decimal(2))
    desk = robinhood("50 50 50 50", symbols=("ACME", *REFERENCES), actions=(split,))
    market, clock = market_of(desk, tmp_path), clock_of(desk)

    assert list(market.history(["ACME"], 5, clock).close["ACME"]) == [50.0]
    assert market.actions_since(["ACME"], date(2000, 1, 1), clock) == (split,)
    assert market.quotes(["ACME"])["ACME"].previous_close == 50
    assert market.closes(["ACME"], sessions(2)[0]) == {"ACME": Decimal(100)}
