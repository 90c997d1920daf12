"""Daily bars and candles as Robinhood tells them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.robinhood.data.conftest import RobinhoodHost, candle, days, instant
from tradebot.brokers.robinhood.data.historicals import read_candles, read_days
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.errors import BrokerUnavailable

MONDAY, TUESDAY = date(2024, 7, 1), date(2024, 7, 2)


def test_bars_are_by_session_whatever_the_order_of_the_answer(host: RobinhoodHost, listings: Listings) -> None:
    host.candles["day"] = {"KO": days([(MONDAY, 60), (TUESDAY, 61)]), "IBM": days([(MONDAY, 170)])}
    swapped = [host._candles(symbol, {"interval": "day", "span": "year"}) for symbol in ("KO", "IBM")]
    host.interfere = lambda number, asked: (200, {"results": swapped})

    bars = read_days(listings, ["IBM", "KO"], "year")

    assert bars["IBM"] == {MONDAY: (170.0, 171.7, 168.3, 170.0, 1000.0)}
    assert {session: numbers[3] for session, numbers in bars["KO"].items()} == {MONDAY: 60.0, TUESDAY: 61.0}


@pytest.mark.parametrize("begins", ["2024-07-01T00:00:00Z", "2024-07-01T04:00:00Z", "2024-07-01T13:30:00+00:00"])
def test_a_bar_is_of_its_date_in_utc_at_midnight_and_in_new_york_else(
    begins: str, host: RobinhoodHost, listings: Listings
) -> None:
    host.candles["day"]["KO"] = [candle(begins, 60)]

    assert list(read_days(listings, ["KO"], "year")["KO"]) == [MONDAY]


def test_interpolated_bars_are_left_out(host: RobinhoodHost, listings: Listings) -> None:
    host.candles["day"]["KO"] = [
        candle("2024-07-01T00:00:00Z", 60),
        candle("2024-07-02T00:00:00Z", 60, interpolated=True),
    ]

    assert list(read_days(listings, ["KO"], "year")["KO"]) == [MONDAY]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({}, "answered without a list of 'results'"),
        ({"results": None}, "answered without a list of 'results'"),
        ({"results": [], "next": "https://api.robinhood.com/quotes/historicals/?cursor=1"}, "announced another page"),
        ({"results": [{"historicals": []}]}, "sent a row without the symbol"),
        (
            {"results": [{"symbol": "KO", "historicals": [{"begins_at": "2024-07-01T00:00:00Z"}]}]},
            "without 'open_price'",
        ),
        ({"results": [{"symbol": "KO", "historicals": [candle("yesterday", 60)]}]}, "no number or no time"),
        ({"results": [{"symbol": "KO", "historicals": [candle("2024-07-01T00:00:00", 60)]}]}, "no number or no time"),
        ({"results": [{"symbol": "KO", "interval": "week", "historicals": days([(MONDAY, 6)])}]}, "another interval"),
    ],
)
def test_an_answer_that_cannot_be_used_is_no_bar_and_no_empty_list(
    content: Any, problem: str, host: RobinhoodHost, listings: Listings
) -> None:
    host.interfere = lambda number, asked: (200, content)

    with pytest.raises(BrokerUnavailable, match=problem):
        read_days(listings, ["KO"], "year")


def five_minutes(*times: str, day: str = "2024-07-02") -> list[dict[str, Any]]:
    return [candle(f"{day}T{time}:00Z", 60 + place) for place, time in enumerate(times)]


def test_candles_are_those_that_overlap_the_time_between_two_looks(host: RobinhoodHost, listings: Listings) -> None:
    host.candles["5minute"] = {"KO": five_minutes("13:30", "13:35", "13:40", "13:45"), "IBM": five_minutes("13:30")}

    candles = read_candles(
        listings, ["KO", "IBM"], instant("2024-07-02T13:37:00+00:00"), instant("2024-07-02T13:45:00+00:00")
    )

    assert [each.begins for each in candles["KO"]] == [
        instant(f"2024-07-02T13:{minute}:00+00:00") for minute in (35, 40)
    ]
    first = candles["KO"][0]
    assert first.ends == candles["KO"][1].begins
    assert (first.open, first.high, first.low) == (Decimal(61), Decimal("61.61"), Decimal("60.39"))
    assert first.volume == 1000
    assert candles["IBM"] == ()
    assert host.asked[0].query == {"symbols": "KO,IBM", "interval": "5minute", "span": "day", "bounds": "regular"}


def test_candles_of_days_before_are_of_the_week(host: RobinhoodHost, listings: Listings) -> None:
    host.candles["5minute"]["KO"] = five_minutes("19:55", day="2024-07-01") + five_minutes("13:30")

    candles = read_candles(listings, ["KO"], instant("2024-07-01T19:50:00+00:00"), instant("2024-07-02T13:31:00+00:00"))

    assert len(candles["KO"]) == 2
    assert host.asked[0].query["span"] == "week"


def test_candles_outside_the_regular_session_are_left_out(host: RobinhoodHost, listings: Listings) -> None:
    host.candles["5minute"]["KO"] = [candle("2024-07-02T13:25:00Z", 60, session="pre"), *five_minutes("13:30")]

    candles = read_candles(listings, ["KO"], instant("2024-07-02T13:00:00+00:00"), instant("2024-07-02T14:00:00+00:00"))

    assert [each.begins.minute for each in candles["KO"]] == [30]
