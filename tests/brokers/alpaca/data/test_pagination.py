"""Listings of many pages: whole or refused, and never for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.fakes.data_host import SESSIONS, TUESDAY, Answer, Asked, DataHost, Open, at, bar, bars_of
from tradebot.brokers.alpaca.data.pagination import MAX_PAGES
from tradebot.errors import BrokerUnavailable

MORNING = at(TUESDAY, "09:35")
MONDAY = date(2024, 7, 1)
SYMBOLS = [f"S{number:02d}" for number in range(10)]


@pytest.fixture
def ten(host: DataHost) -> DataHost:
    """Ten symbols whose bars take several pages."""
    host.bars = {symbol: bars_of(symbol) for symbol in SYMBOLS}
    return host


def test_all_pages_are_one_answer(ten: DataHost, market: Open) -> None:
    at_once = market().history(SYMBOLS, 50, MORNING)
    ten.asked.clear()
    ten.page = 77

    paged = market.cold(market.folder / "other").history(SYMBOLS, 50, MORNING)

    pd.testing.assert_frame_equal(paged.close, at_once.close, check_exact=True)
    assert ten.count("/v2/stocks/bars") == 7  # 500 bars, 77 a page
    assert len({asked.query.get("page_token") for asked in ten.asked if "bars" in asked.path}) == 7


def refuses(market: Open, *words: str) -> None:
    """Nothing is given, the message says why, and nothing is kept."""
    with pytest.raises(BrokerUnavailable) as refused:
        market().history(SYMBOLS, 50, MORNING)
    for word in words:
        assert word in str(refused.value)
    assert "127.0.0.1" in str(refused.value) or "Alpaca" in str(refused.value)
    assert not (market.folder / "alpaca_bars").exists()


def on_page(number: int, then: Callable[[Asked], Answer]) -> Callable[[int, Asked], Answer | None]:
    return lambda count, asked: then(asked) if count >= number else None


def test_a_page_that_is_sent_again_and_again_ends(ten: DataHost, market: Open) -> None:
    same = {"bars": {"S00": [bar(MONDAY, 50)]}, "next_page_token": "QUFQTA=="}
    ten.interfere = lambda number, asked: (200, same)

    refuses(market, "again and again")
    assert len(ten.asked) == 2


def test_pages_without_end_end(ten: DataHost, market: Open) -> None:
    ten.interfere = lambda number, asked: (
        200,
        {"bars": {"S00": [bar(MONDAY, 50)]}, "next_page_token": f"token {number}"},
    )

    refuses(market, "does not come to an end")
    assert len(ten.asked) == MAX_PAGES


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_page_that_fails_takes_the_others_with_it(ten: DataHost, market: Open, status: int) -> None:
    ten.page = 100
    ten.interfere = on_page(3, lambda asked: (status, {"code": status * 100000, "message": "no such page"}))

    refuses(market, "no such page")


def test_a_page_that_was_announced_and_is_empty_is_missing(ten: DataHost, market: Open) -> None:
    ten.page = 100
    ten.interfere = on_page(2, lambda asked: (200, {"bars": {}, "next_page_token": None}))

    refuses(market, "announced another page")


def test_a_last_page_may_be_empty_after_full_ones(host: DataHost, market: Open) -> None:
    """A server that looks only whether a page was full announces one more."""
    full = {"bars": {"S00": [bar(MONDAY, 50)] * 10_000}, "next_page_token": "more"}
    host.interfere = lambda number, asked: (200, full if number == 1 else {"bars": {}, "next_page_token": None})

    with pytest.raises(BrokerUnavailable, match="corporate_actions"):
        market().history(["S00"], 5, MORNING)  # the bars were taken: the next question is about actions


def test_a_failure_that_passes_is_not_seen(ten: DataHost, market: Open) -> None:
    ten.page = 100
    ten.interfere = lambda number, asked: (503, {"message": "try later"}) if number in {2, 4} else None

    assert market().history(SYMBOLS, 50, MORNING).close.notna().all(axis=None)


@pytest.mark.parametrize("nothing", [None, {}, {"S00": None}, {"S00": []}])
def test_null_is_an_empty_list(host: DataHost, market: Open, nothing: Any) -> None:
    empty = {"bars": nothing, "corporate_actions": None, "next_page_token": None}
    host.interfere = lambda number, asked: (200, empty)

    assert market().history(["S00"], 5, MORNING).close.shape == (0, 1)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"next_page_token": None}, "'bars'"),
        ({"bars": {}}, "'next_page_token'"),
        ({"bars": {}, "next_page_token": 7}, "'next_page_token'"),
        ({"bars": ["S00"], "next_page_token": "x"}, "'bars'"),
        ({"bars": {"S00": "none"}, "next_page_token": None}, "'bars'"),
        ({"bars": {"S00": [None]}, "next_page_token": None}, "'bars'"),
        ({"bars": {"S00": [{**bar(MONDAY, 5), "c": None}]}, "next_page_token": None}, "S00"),
        ({"bars": {"S00": [{**bar(MONDAY, 5), "c": "dear"}]}, "next_page_token": None}, "S00"),
        ({"bars": {"S00": [{**bar(MONDAY, 5), "t": "noon"}]}, "next_page_token": None}, "S00"),
        ({"bars": {"S00": [{**bar(MONDAY, 5), "t": 5}]}, "next_page_token": None}, "S00"),
        ({"bars": {"S00": [{"t": "2024-07-01T04:00:00Z"}]}, "next_page_token": None}, "'o'"),
        ({"bars": {"ZZZ": [bar(MONDAY, 5)]}, "next_page_token": None}, "ZZZ"),
        ([], "'bars'"),
        ("text", "'bars'"),
        (5, "'bars'"),
        (b"<html>come in</html>", "127.0.0.1"),
        (b'{"bars": {"S00": [{"t": "2024-07-01T0', "127.0.0.1"),
        (b"", "127.0.0.1"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(host: DataHost, market: Open, answer: Any, told: str) -> None:
    host.interfere = lambda number, asked: (200, answer)

    refuses(market, told)


def test_unknown_fields_are_nothing_to_be_afraid_of(ten: DataHost, market: Open) -> None:
    ten.bars["S00"][MONDAY] |= {"of_tomorrow": {"deep": [1, None]}}

    assert market().history(SYMBOLS, 2, MORNING).close.notna().all(axis=None)


def test_the_free_plan_refuses_sip_and_the_message_says_how_to_mend_it(ten: DataHost, market: Open) -> None:
    ten.interfere = lambda number, asked: (403, {"message": "subscription does not permit querying recent SIP data"})

    with pytest.raises(BrokerUnavailable, match="ALPACA_FEED=iex"):
        market(feed="sip").history(SYMBOLS, 5, MORNING)
    with pytest.raises(BrokerUnavailable, match="ALPACA_FEED=iex"):
        market(feed="sip").quotes(SYMBOLS)


# --- chunks ------------------------------------------------------------------------------


def test_a_universe_that_needs_several_addresses_is_one_history(host: DataHost, market: Open) -> None:
    symbols = [f"VERYLONG{number:04d}" for number in range(900)]
    host.bars = {symbol: bars_of(symbol, SESSIONS[-3:]) for symbol in symbols}

    history = market().history(symbols, 2, MORNING)

    assert history.close.shape == (2, 900) and history.close.notna().all(axis=None)
    assert host.count("/v2/stocks/bars") == 3
