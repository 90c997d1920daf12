"""Robinhood's prices as jobs get them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

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
    split,
    wave,
    waves,
)
from tradebot.errors import BrokerUnavailable


def test_a_history_has_completed_bars_only(home: Home) -> None:
    history = home().history(["IBM", "KO"], 280, MORNING)

    assert closes(history) == closes(history, "IBM") == waves(MONDAY, 280)
    assert history.close.index[-1].date() == MONDAY and list(history.close.columns) == ["IBM", "KO"]


def test_the_bar_of_a_session_counts_from_five_minutes_after_its_close(home: Home) -> None:
    assert closes(home().history(["KO"], 5, home.on(TUESDAY, "16:04"))) == waves(MONDAY, 5)
    assert closes(home().history(["KO"], 5, home.on(TUESDAY, "16:05"))) == waves(TUESDAY, 5)
    assert home().last_completed(home.on(TUESDAY, "16:05")) == TUESDAY


def test_a_symbol_without_a_bar_is_no_column_of_nothing_for_the_others(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    market = home()
    history = market.history(["KO", "GONE"], 20, MORNING)

    assert closes(history) == waves(MONDAY, 20) and history.close["GONE"].isna().all()
    assert market.known(["KO", "GONE"]) == {"KO"}
    assert "left out of its answer (of /quotes/historicals/): GONE" in caplog.text


@pytest.mark.parametrize("content", [{}, {"results": []}, b"<html>", {"results": [None] * 9}])
def test_a_failed_answer_is_no_history(content: Any, home: Home) -> None:
    home.host.interfere = lambda number, asked: (200, content)

    with pytest.raises(BrokerUnavailable):
        home().history(["KO"], 20, MORNING)


def test_a_session_that_is_not_published_is_not_the_newest(home: Home) -> None:
    for symbol, rows in home.host.candles["day"].items():
        home.host.candles["day"][symbol] = [row for row in rows if row["begins_at"] < "2024-07-01"]

    assert home().last_completed(MORNING) == date(2024, 6, 28)
    assert closes(home().history(["KO"], 10, MORNING)) == waves(date(2024, 6, 28), 9)


def test_quotes_of_consecutive_orders_share_a_request(home: Home) -> None:
    market = home()

    assert market.quotes(["KO", "IBM"])["KO"].last == 62
    assert market.quotes(["IBM"])["IBM"].previous_close == 62
    assert home.host.count("/quotes/") == 1
    home.clock.time += timedelta(seconds=6)
    market.quotes(["KO"])
    assert home.host.count("/quotes/") == 2
    assert market.quotes([]) == {}


def test_one_quote_is_one_request_however_many_were_asked_for_before(home: Home) -> None:
    symbols = [f"S{number}" for number in range(200)]
    home.host.quotes |= {symbol: quote(symbol, 62) for symbol in symbols}
    market = home()
    assert len(market.quotes(symbols)) == 200
    home.host.asked.clear()
    home.clock.time += timedelta(seconds=6)

    assert set(market.quotes(["S7"])) == {"S7"}
    assert home.host.count("/quotes/") == 1


def test_a_price_of_before_a_split_is_told_on_the_basis_after_it(home: Home) -> None:
    home.host.quotes["KO"] = quote(
        "KO", 620, previous_close="620", adjusted_previous_close="62", updated_at="2024-07-01T20:00:00Z"
    )

    told = home().quotes(["KO"])["KO"]

    assert (told.last, told.previous_close) == (Decimal(62), Decimal(62))


def test_the_index_is_a_fund_of_it(home: Home) -> None:
    home.host.candles["day"]["SPY"] = days((day, 500 + day.day) for day in ALL)

    index = home().benchmark(date(2024, 6, 27), TUESDAY)

    assert index == ((date(2024, 6, 27), 527.0), (date(2024, 6, 28), 528.0), (MONDAY, 501.0))
    assert home().benchmark(TUESDAY, TUESDAY) == ()


def test_closes_are_those_of_a_session_that_is_over(home: Home) -> None:
    market = home()

    assert market.closes(["KO", "GONE"], MONDAY) == {"KO": Decimal(str(wave(MONDAY)))}
    assert market.closes(["KO"], TUESDAY) == market.closes([], MONDAY) == market.closes(["KO"], date(2024, 7, 4)) == {}
    home.on(TUESDAY, "16:06")
    assert market.closes(["KO"], TUESDAY) == {"KO": Decimal(str(wave(TUESDAY)))}


def test_a_close_of_before_a_split_is_on_the_basis_of_its_session(home: Home) -> None:
    split_on = date(2024, 7, 8)
    home.host.splits["ko-id"] = [split(split_on.isoformat(), 10, 1)]
    market = home()
    clock = home.on(date(2024, 7, 9))
    market.actions_since(["KO"], MONDAY, clock)

    assert market.closes(["KO"], MONDAY) == {"KO": Decimal(str(wave(MONDAY) * 10))}
    assert market.closes(["KO"], date(2024, 7, 8)) == {"KO": Decimal(str(wave(date(2024, 7, 8))))}


def test_actions_are_the_splits_of_the_days_asked_for(home: Home) -> None:
    home.host.splits["ko-id"] = [split("2024-06-10", 2, 1), split("2024-07-02", 3, 1), split("2024-07-09", 4, 1)]
    market = home()

    def values(actions: Any) -> list[int]:
        return [int(action.value) for action in actions]

    assert values(market.actions_since(["KO", "IBM"], date(2024, 6, 1), MORNING)) == [2, 3]
    assert values(market.actions_since(["KO", "IBM"], date(2024, 6, 11), MORNING)) == [3]
    assert values(market.upcoming_actions(["KO", "IBM"], MORNING, 10)) == [4]
    assert values(market.upcoming_actions(["KO", "IBM"], home.on(TUESDAY, "09:00"), 10)) == [3, 4]
    assert market.upcoming_actions([], MORNING, 10) == ()
    assert home.host.count("/instruments/") == 2


def test_many_symbols_are_not_asked_about_one_by_one(home: Home) -> None:
    symbols = [f"S{number}" for number in range(40)]
    home.host.quotes |= {symbol: quote(symbol, 62) for symbol in symbols}

    assert home().actions_since(symbols, MONDAY, MORNING) == ()
    assert home.host.count("/instruments/") == 0


def test_a_halt_of_trading_is_in_the_quote(home: Home) -> None:
    home.host.quotes["KO"] = quote("KO", 62, trading_halted=True)

    assert {symbol: told.halted for symbol, told in home().quotes(["KO", "IBM"]).items()} == {"KO": True, "IBM": False}
