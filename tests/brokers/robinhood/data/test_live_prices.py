"""Robinhood's prices as they were traded, whatever splits its bars and candles are adjusted for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.brokers.robinhood.data.conftest import (
    ALL,
    MONDAY,
    REFERENCES,
    TUESDAY,
    Home,
    candle,
    days,
    quote,
    split,
)
from tests.fakes.data_host import CALENDAR, at
from tradebot.brokers.robinhood.data.live_prices import RobinhoodLivePrices
from tradebot.core.model.account import ActionKind, CorporateAction, DayBar
from tradebot.market.price_file import PriceFile

FRIDAY = date(2024, 6, 28)
OPEN = "13:30:00Z"  # 09:30 in New York


def prices(home: Home, older: PriceFile | None = None) -> RobinhoodLivePrices:
    return RobinhoodLivePrices(home(), home.clock, CALENDAR, older)


def four(bar: DayBar) -> list[str]:
    return [f"{price.normalize():f}" for price in (bar.open, bar.high, bar.low, bar.close)]


def test_bars_of_missed_days_are_the_completed_ones_alone(home: Home) -> None:
    home.host.candles["day"]["KO"] = days((day, 60) for day in ALL)
    bars = prices(home).day_bars(["KO", "GONE"], FRIDAY, TUESDAY)
    assert {symbol: [bar.session for bar in of] for symbol, of in bars.items()} == {"KO": [FRIDAY, MONDAY], "GONE": []}
    assert four(bars["KO"][0]) == ["60", "60.6", "59.4", "60"]


@pytest.mark.parametrize("adjusted", [True, False])
def test_bars_before_a_split_are_as_they_were_traded(home: Home, adjusted: bool) -> None:
    before = 60 if adjusted else 120
    home.host.candles["day"]["KO"] = days((day, before if day < TUESDAY else 61) for day in ALL)
    home.host.quotes["KO"] = quote("KO", 61)
    home.host.splits["ko-id"] = [split(TUESDAY.isoformat(), 2, 1)]
    (friday, monday) = prices(home).day_bars(["KO"], FRIDAY, MONDAY)["KO"]
    assert four(friday) == four(monday) == ["120", "121.2", "118.8", "120"]


@pytest.mark.parametrize("adjusted", [True, False])
def test_candles_before_a_split_are_as_they_were_traded(home: Home, adjusted: bool) -> None:
    before = 60.0 if adjusted else 120.0
    rows = [candle(f"{MONDAY}T{OPEN}", before, 1000), candle(f"{TUESDAY}T{OPEN}", 61.0)]
    home.host.candles["5minute"]["KO"] = rows
    home.host.splits["ko-id"] = [split(TUESDAY.isoformat(), 2, 1)]
    since, until = at(MONDAY, "09:00").now, at(TUESDAY, "09:35").now
    monday, tuesday = prices(home).candles(["KO"], since, until)["KO"]
    assert (monday.close, tuesday.close) == (Decimal(120), Decimal(61))
    assert monday.volume == (500 if adjusted else 1000)


def test_candles_of_today_ask_for_no_splits(home: Home) -> None:
    home.host.candles["5minute"]["KO"] = [candle(f"{TUESDAY}T{OPEN}", 61.0)]
    found = prices(home).candles(["KO"], at(TUESDAY, "09:00").now, at(TUESDAY, "09:35").now)
    assert [each.close for each in found["KO"]] == [Decimal(61)]
    assert home.host.count("/instruments/") == 0


def test_actions_are_the_splits_and_the_dividends_that_the_home_knows(home: Home, tmp_path: Path) -> None:
    bars, actions = tmp_path / "bars.csv", tmp_path / "actions.csv"
    bars.write_text(f"symbol,date,open,high,low,close,volume\nKO,{MONDAY},60,61,59,60,1000\n")
    actions.write_text(
        f"symbol,ex_date,kind,value\nKO,{FRIDAY},dividend,0.25\nKO,{TUESDAY},dividend,0.5\nKO,2024-07-03,dividend,1\n"
    )
    home.host.splits["ko-id"] = [split(TUESDAY.isoformat(), 2, 1)]
    found = prices(home, PriceFile(bars, actions)).actions_since(["KO", *REFERENCES], MONDAY, at(TUESDAY, "09:35"))
    assert sorted(found, key=lambda action: action.kind) == [
        CorporateAction("KO", TUESDAY, ActionKind.DIVIDEND, Decimal("0.5")),
        CorporateAction("KO", TUESDAY, ActionKind.SPLIT, Decimal(2)),
    ]


def test_quotes_are_those_of_the_market(home: Home) -> None:
    assert prices(home).quotes(["KO"])["KO"].last == 62
