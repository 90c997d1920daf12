"""Bars are kept between commands, and grow."""

from __future__ import annotations

from datetime import date

import pytest

from tests.brokers.robinhood.data.conftest import (
    ALL,
    MONDAY,
    MORNING,
    TUESDAY,
    Home,
    closes,
    days,
    quote,
    wave,
    waves,
)
from tradebot.errors import BrokerUnavailable


def test_a_second_command_asks_for_no_bar(home: Home) -> None:
    first = home().history(["KO"], 280, MORNING)
    asked = home.host.count("/quotes/historicals/")

    again = home()
    assert closes(again.history(["KO"], 280, MORNING)) == closes(first) and again.last_completed(MORNING) == MONDAY
    assert home.host.count("/quotes/historicals/") == asked


def test_one_reference_that_is_left_out_stops_nobody(home: Home) -> None:
    del home.host.candles["day"]["SPY"]

    for _ in range(2):
        assert closes(home().history(["KO"], 280, MORNING)) == waves(MONDAY, 280)


def test_the_next_day_asks_once_for_all_symbols(home: Home) -> None:
    home().history(["KO", "IBM"], 280, MORNING)
    home.host.asked.clear()

    history = home().history(["KO", "IBM"], 280, home.on(date(2024, 7, 3)))

    assert closes(history) == waves(TUESDAY, 280)
    assert [asked.query["span"] for asked in home.host.asked if asked.path == "/quotes/historicals/"] == ["year"]


def test_the_number_of_requests_does_not_grow_with_the_symbols(home: Home) -> None:
    symbols = [f"S{number}" for number in range(50)]
    few, many = symbols[:5], symbols
    home.host.candles["day"] |= {symbol: days((day, wave(day)) for day in ALL[-210:]) for symbol in many}
    home.host.quotes |= {symbol: quote(symbol, 62) for symbol in many}
    home().history(many, 60, MORNING)
    home.host.asked.clear()

    home().history(few, 60, home.on(date(2024, 7, 3)))
    asked = len(home.host.asked)
    home.folder = home.folder / "other"
    home.on(TUESDAY)
    home().history(many, 60, MORNING)
    home.host.asked.clear()
    home().history(many, 60, home.on(date(2024, 7, 3)))

    assert len(home.host.asked) == asked == 2


@pytest.mark.parametrize("five_years", ["empty", "refused", "failing"])
def test_without_five_years_there_is_one(five_years: str, home: Home) -> None:
    home.host.five_years = False
    if five_years != "empty":
        status = 400 if five_years == "refused" else 500
        home.host.interfere = lambda number, asked: (
            (status, {"detail": "no"}) if asked.query.get("span") == "5year" else None
        )

    history = home().history(["KO"], 280, MORNING)

    assert 245 <= len(closes(history)) <= 252 and closes(history) == waves(MONDAY, len(closes(history)))


def test_bars_of_more_than_a_year_that_are_not_daily_are_not_used(home: Home) -> None:
    weekly = days((day, wave(day)) for day in ALL if day.weekday() == 0)
    home.host.interfere = lambda number, asked: (
        (200, {"results": [{"symbol": symbol, "historicals": weekly} for symbol in asked.query["symbols"].split(",")]})
        if asked.query.get("span") == "5year"
        else None
    )

    assert len(closes(home().history(["KO"], 280, MORNING))) >= 245


def test_bars_are_kept_and_grow_beyond_what_robinhood_gives(home: Home) -> None:
    home.host.five_years = False
    home().history(["KO"], 280, MORNING)

    history = home().history(["KO"], 280, home.on(date(2024, 9, 3)))

    assert closes(history) == waves(date(2024, 8, 30), 280)


def test_a_failed_answer_loses_no_kept_bar(home: Home) -> None:
    home().history(["KO"], 280, MORNING)
    home.host.interfere = lambda number, asked: (500, {})
    with pytest.raises(BrokerUnavailable):
        home().history(["KO"], 280, home.on(date(2024, 7, 3)))
    home.host.interfere = lambda number, asked: None

    assert closes(home().history(["KO"], 280, MORNING)) == waves(MONDAY, 280)


def test_a_file_that_is_damaged_is_fetched_anew(home: Home) -> None:
    home().history(["KO"], 280, MORNING)
    (home.folder / "robinhood_bars").write_bytes(b"damaged")

    assert closes(home().history(["KO"], 280, MORNING)) == waves(MONDAY, 280)
