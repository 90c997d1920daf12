"""Quotes as Robinhood tells them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.robinhood.data.conftest import RobinhoodHost, instant, quote
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.brokers.robinhood.data.quotes import RobinhoodQuote, read_quotes
from tradebot.errors import BrokerUnavailable

TODAY = date(2024, 7, 2)


def only(listings: Listings) -> RobinhoodQuote:
    return read_quotes(listings, ["KO"], TODAY)["KO"]


def test_quotes_are_matched_by_symbol_and_never_by_place(host: RobinhoodHost, listings: Listings) -> None:
    rows = [None, quote("KO", 60), quote("IBM", 170)]
    host.interfere = lambda number, asked: (200, {"results": rows})

    quotes = read_quotes(listings, ["IBM", "NULL", "KO"], TODAY)

    assert {symbol: each.last for symbol, each in quotes.items()} == {"IBM": 170, "KO": 60}


def test_a_symbol_without_a_quote_is_named(
    host: RobinhoodHost, listings: Listings, caplog: pytest.LogCaptureFixture
) -> None:
    host.quotes = {"KO": quote("KO", 60), "NEW": quote("NEW", 1, has_traded=False)}

    assert set(read_quotes(listings, ["KO", "NULL", "NEW"], TODAY)) == {"KO"}
    assert "left out of its answer (of /quotes/): NULL, NEW" in caplog.text


def test_a_quote_has_the_last_trade_of_the_regular_session_and_its_time(
    host: RobinhoodHost, listings: Listings
) -> None:
    host.quotes["KO"] = quote(
        "KO", 60.25, last_extended_hours_trade_price="61.000000", venue_last_trade_time="2024-07-02T13:35:01.123456789Z"
    )

    assert only(listings).last == Decimal("60.25")
    assert only(listings).at == instant("2024-07-02T13:35:01.123456+00:00")
    host.quotes["KO"]["venue_last_trade_time"] = None
    assert only(listings).at == instant("2024-07-02T13:35:02+00:00")


@pytest.mark.parametrize(
    ("fields", "close", "split"),
    [
        ({"previous_close": "59", "adjusted_previous_close": "59"}, 59, None),
        ({"previous_close": "590", "adjusted_previous_close": "59"}, 59, 10),
        ({"previous_close": "6", "adjusted_previous_close": "60"}, 60, Decimal("0.1")),
        ({"previous_close": "60", "adjusted_previous_close": "59.5"}, 60, None),  # for a dividend
        ({"previous_close": "60", "adjusted_previous_close": None}, 60, None),
        ({"previous_close": None}, None, None),
        ({"previous_close": "0"}, None, None),
        ({"previous_close": "59", "previous_close_date": "2024-06-10"}, None, None),
        ({"previous_close": "59", "previous_close_date": "2024-07-02"}, None, None),
    ],
)
def test_the_previous_close_is_on_the_basis_of_today_and_not_adjusted_for_dividends(
    fields: dict[str, Any], close: Decimal | None, split: Decimal | None, host: RobinhoodHost, listings: Listings
) -> None:
    host.quotes["KO"] = quote("KO", 60, **fields)

    assert (only(listings).previous_close, only(listings).split) == (close, split)


def test_a_halt_of_trading_is_told(host: RobinhoodHost, listings: Listings) -> None:
    host.quotes["KO"] = quote("KO", 60, trading_halted=True)

    assert only(listings).halted


@pytest.mark.parametrize(
    "fields",
    [
        {"last_trade_price": "sixty"},
        {"last_trade_price": "0"},
        {"updated_at": None},
        {"updated_at": "2024-07-02T13:35:02"},
        {"previous_close_date": "Monday"},
        {"adjusted_previous_close": []},
    ],
)
def test_a_quote_that_cannot_be_read_is_no_answer(
    fields: dict[str, Any], host: RobinhoodHost, listings: Listings
) -> None:
    host.quotes["KO"] = quote("KO", 60, **fields)

    with pytest.raises(BrokerUnavailable, match="of the quote of KO"):
        only(listings)
