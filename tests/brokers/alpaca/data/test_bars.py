"""Bars from Alpaca: which are asked for, what strategies are given, and what is made of those that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.fakes.data_host import CALENDAR, TUESDAY, DataHost, Open, at, bar, bars_of, stamp
from tests.fakes.no_exchange import NoExchange
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import ActionKind
from tradebot.market.price_file import PriceFile

MONDAY, HALF_DAY, HOLIDAY = date(2024, 7, 1), date(2024, 7, 3), date(2024, 7, 4)
MORNING = at(TUESDAY, "09:35")


def days(history_index: pd.Index) -> list[date]:
    return [each.date() for each in history_index]


def test_the_last_completed_bars_are_asked_for_with_everything_said(host: DataHost, market: Open) -> None:
    host.bars = {symbol: bars_of(symbol) for symbol in ("IBM", "BRK.B", "SPY")}

    history = market().history(["IBM", "BRK.B"], 3, MORNING)

    assert days(history.close.index) == [date(2024, 6, 27), date(2024, 6, 28), MONDAY]
    assert list(history.close.columns) == ["IBM", "BRK.B"]
    newest = host.bars["BRK.B"][MONDAY]
    assert [frame["BRK.B"].iloc[-1] for frame in vars(history).values()] == [newest[field] for field in "ohlcv"]
    (asked,) = (asked for asked in host.asked if asked.path == "/v2/stocks/bars")
    assert asked.query == {
        "symbols": "AAPL,BRK.B,IBM,MSFT,SPY",
        "timeframe": "1Day",
        "start": "2024-06-27T04:00:00Z",
        "end": "2024-07-01T20:00:00Z",
        "adjustment": "raw",
        "feed": "iex",
        "sort": "asc",
        "limit": "10000",
    }


def test_a_symbol_is_nan_before_its_listing_and_when_nobody_knows_it(host: DataHost, market: Open) -> None:
    host.bars = {"IBM": bars_of("IBM"), "NEW": bars_of("NEW", [MONDAY])}

    history = market().history(["NEW", "NOPE", "IBM"], 2, MORNING)

    assert history.close["NEW"].isna().tolist() == [True, False]
    assert history.volume["NOPE"].isna().all()
    assert history.close["IBM"].notna().all()
    assert {str(dtype) for frame in vars(history).values() for dtype in frame.dtypes} == {"float64"}


def test_the_bar_of_today_is_complete_soon_after_the_bell_and_not_before(host: DataHost, market: Open) -> None:
    host.bars = {"SPY": bars_of("SPY", [MONDAY, TUESDAY, HALF_DAY])}

    def newest(day: date, time: str) -> date | None:
        return market().last_completed(at(day, time))

    assert newest(TUESDAY, "09:00") == newest(TUESDAY, "15:59") == newest(TUESDAY, "16:04") == MONDAY
    assert newest(TUESDAY, "16:05") == newest(TUESDAY, "23:59") == newest(HALF_DAY, "12:59") == TUESDAY
    assert newest(HALF_DAY, "13:05") == newest(HOLIDAY, "12:00") == newest(date(2024, 7, 7), "12:00") == HALF_DAY
    assert days(market().history(["SPY"], 1, at(HALF_DAY, "13:05")).close.index) == [HALF_DAY]


def test_a_bar_that_is_still_growing_is_not_looked_at(host: DataHost, market: Open) -> None:
    """Whatever the host sends: a market that is open has no bar of today."""
    growing = {"bars": {"IBM": [bar(MONDAY, 50), bar(TUESDAY, 60)]}, "next_page_token": None}
    host.interfere = lambda number, asked: (200, growing) if asked.path == "/v2/stocks/bars" else None

    assert days(market().history(["IBM"], 2, MORNING).close.index) == [MONDAY]


def test_sessions_of_which_nothing_is_published_yet_are_no_rows(host: DataHost, market: Open) -> None:
    host.bars = {symbol: bars_of(symbol, [date(2024, 6, 27), date(2024, 6, 28)]) for symbol in ("IBM", "SPY")}
    opened = market()

    assert days(opened.history(["IBM"], 5, MORNING).close.index) == [date(2024, 6, 27), date(2024, 6, 28)]
    assert opened.last_completed(MORNING) == date(2024, 6, 28)


def test_a_symbol_without_the_newest_bar_has_a_row_without_a_price(host: DataHost, market: Open) -> None:
    host.bars = {"IBM": bars_of("IBM", [date(2024, 6, 28)]), "SPY": bars_of("SPY")}

    history = market().history(["IBM"], 2, MORNING)

    assert days(history.close.index) == [date(2024, 6, 28), MONDAY]
    assert history.close["IBM"].isna().tolist() == [False, True]


def test_without_any_bar_there_is_nothing(host: DataHost, market: Open) -> None:
    opened = market()

    assert opened.last_completed(MORNING) is None
    assert opened.history(["IBM"], 200, MORNING).close.shape == (0, 1)


def test_a_daily_bar_in_winter_and_in_summer_is_of_its_new_york_day(host: DataHost, market: Open) -> None:
    friday, monday = date(2024, 3, 8), date(2024, 3, 11)  # the clocks went forward in between
    host.bars = {"IBM": bars_of("IBM", [friday, monday])}

    assert stamp(friday).endswith("T05:00:00Z") and stamp(monday).endswith("T04:00:00Z")
    assert days(market().history(["IBM"], 2, at(date(2024, 3, 12), "09:35")).close.index) == [friday, monday]


@pytest.mark.parametrize(
    "change",
    [{"c": 0}, {"o": -1}, {"h": 10, "l": 20}, {"v": -1}, {"c": 1e9}],
    ids=["zero", "negative", "high below low", "negative volume", "absurd"],
)
def test_a_bar_that_cannot_be_is_a_gap(host: DataHost, market: Open, change: Mapping[str, float]) -> None:
    host.bars = {symbol: bars_of(symbol) for symbol in ("IBM", "SPY")}
    host.bars["IBM"][date(2024, 6, 28)] |= change

    history = market().history(["IBM"], 3, MORNING)

    for frame in vars(history).values():
        assert frame["IBM"].isna().tolist() == [False, True, False]


# --- adjusted with what is known ---------------------------------------------------------


def published(host: DataHost, symbols: Iterable[str], first: date, last: date) -> None:
    """Alpaca knows what the bundled price file does."""
    prices, wanted = PriceFile(), frozenset(symbols)
    for each in prices.bars():
        if each.symbol in wanted and first <= each.session <= last:
            traded = {"o": each.open, "h": each.high, "l": each.low, "c": each.close}
            host.bars.setdefault(each.symbol, {})[each.session] = {
                "t": stamp(each.session),
                **{name: float(price) for name, price in traded.items()},
                "v": each.volume,
            }
    for number, action in enumerate(prices.actions()):
        if action.symbol in wanted:
            paid = CALENDAR.following(CALENDAR.following(action.ex_date).session).session
            item: dict[str, Any] = {"id": str(number), "symbol": action.symbol, "ex_date": str(action.ex_date)}
            if action.kind is ActionKind.DIVIDEND:
                item |= {"rate": float(action.value), "process_date": paid.isoformat()}
                host.actions.append(("cash_dividends", item))
            else:
                item |= {"new_rate": float(action.value), "old_rate": 1, "process_date": item["ex_date"]}
                host.actions.append(("forward_splits", item))


def test_history_is_that_of_the_embedded_exchange_to_the_last_bit(host: DataHost, market: Open) -> None:
    symbols = ["AAPL", "IBM", "MSFT"]
    published(host, symbols, date(2004, 6, 1), date(2005, 3, 31))
    embedded = PaperMarket(PriceFile(), NoExchange())

    for day, time in ((date(2005, 2, 25), "16:30"), (date(2005, 2, 28), "09:00"), (date(2005, 3, 1), "09:35")):
        expected = embedded.history(symbols, 150, at(day, time))
        for seen, wanted in zip(
            vars(market().history(symbols, 150, at(day, time))).values(), vars(expected).values(), strict=True
        ):
            pd.testing.assert_frame_equal(seen, wanted, check_exact=True)


def test_apples_split_halves_history_from_the_morning_of_its_ex_date(host: DataHost, market: Open) -> None:
    published(host, ["AAPL"], date(2005, 1, 3), date(2005, 3, 31))

    friday_evening = market().history(["AAPL"], 2, at(date(2005, 2, 25), "16:30"))
    monday_morning = market().history(["AAPL"], 2, at(date(2005, 2, 28), "09:00"))

    assert friday_evening.close["AAPL"].tolist() == [88.93, 88.99]
    assert monday_morning.close["AAPL"].tolist() == [44.465, 44.495]
    assert monday_morning.volume["AAPL"].tolist() == [54_251_000, 32_696_800]


def test_the_jobs_of_a_session_share_one_answer(host: DataHost, market: Open) -> None:
    host.bars = {"IBM": bars_of("IBM")}
    opened = market()

    asked = opened.history(["IBM"], 5, MORNING)
    requests = len(host.asked)

    assert opened.history(["IBM"], 5, at(TUESDAY, "09:36")) is asked
    assert len(host.asked) == requests


# --- who is known, and the index ---------------------------------------------------------


def test_a_symbol_is_known_by_its_bars_or_by_a_price(host: DataHost, market: Open) -> None:
    host.bars = {"IBM": bars_of("IBM"), "SPY": bars_of("SPY")}
    trade = {"p": 12.5, "t": "2024-07-02T13:34:00Z"}
    host.snapshots = {"NEW": {"latestTrade": trade}}
    opened = market()
    opened.history(["IBM", "NEW", "NOPE"], 5, MORNING)

    assert opened.known(["IBM", "NEW", "NOPE"]) == {"IBM", "NEW"}
    assert host.count("/v2/stocks/snapshots") == 1
    assert opened.known(["IBM"]) == {"IBM"}
    assert opened.known([]) == frozenset()


def test_the_benchmark_is_a_fund_that_holds_the_index(host: DataHost, market: Open) -> None:
    host.bars = {"SPY": bars_of("SPY")}
    market.clock.time = at(TUESDAY, "16:15").now

    closes = market().benchmark(date(2024, 6, 28), date(2024, 7, 5))

    assert [day for day, _ in closes] == [date(2024, 6, 28), MONDAY, TUESDAY]
    assert closes[-1][1] == host.bars["SPY"][TUESDAY]["c"]
    assert host.count() == 1
    assert not market().benchmark(date(2024, 7, 3), date(2024, 7, 5))
    assert not market().benchmark(date(2024, 7, 4), date(2024, 7, 4))


def test_the_closing_prices_of_a_session_are_those_of_its_bars_alone(host: DataHost, market: Open) -> None:
    """Unadjusted, to the last digit, and without a price for what is no share or had no trade."""
    host.bars = {"IBM": {MONDAY: bar(MONDAY, 172.1), TUESDAY: bar(TUESDAY, 173.3)}, "NEW": {TUESDAY: bar(TUESDAY, 9)}}
    assert market().closes(["NEW", "IBM", "BTC/USD", "IBM240719C00170000"], MONDAY) == {"IBM": Decimal("172.1")}
    (asked,) = host.asked
    assert (asked.query["symbols"], asked.query["adjustment"]) == ("IBM,NEW", "raw")
    assert (asked.query["start"], asked.query["end"]) == (stamp(MONDAY), "2024-07-01T20:00:00Z")


def test_a_session_has_closing_prices_five_minutes_after_its_close(host: DataHost, market: Open) -> None:
    """Before, its bar grows or is not published; a day without a session never has any."""
    host.bars = {"IBM": bars_of("IBM", [MONDAY, TUESDAY, HALF_DAY])}
    for session, moment, count in (
        (TUESDAY, at(TUESDAY, "16:04"), 0),
        (TUESDAY, at(TUESDAY, "16:05"), 1),
        (HALF_DAY, at(HALF_DAY, "13:04"), 0),
        (HALF_DAY, at(HALF_DAY, "13:05"), 1),
        (HOLIDAY, at(date(2024, 7, 8), "09:35"), 0),
    ):
        market.clock.time = moment.now
        assert len(market().closes(["IBM"], session)) == count, (session, moment.now)
    asked = host.count()
    assert market().closes(["BTC/USD"], TUESDAY) == {}
    assert host.count() == asked
