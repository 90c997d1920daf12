"""Lists by symbols: no symbol is dropped silently, and no failed request is an empty list."""

from __future__ import annotations

import logging
from datetime import date

import pytest

from tests.brokers.robinhood.data.conftest import RobinhoodHost, days
from tradebot.brokers.robinhood.data.historicals import read_days
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.errors import BrokerUnavailable

MONDAY = date(2024, 7, 1)


def test_a_symbol_that_is_null_left_out_or_empty_is_named_once(
    host: RobinhoodHost, listings: Listings, caplog: pytest.LogCaptureFixture
) -> None:
    host.candles["day"] = {"KO": days([(MONDAY, 60)]), "EMPTY": []}

    with caplog.at_level(logging.WARNING):
        first = read_days(listings, ["KO", "NULL", "EMPTY"], "year")
        read_days(listings, ["KO", "NULL", "EMPTY"], "year")

    assert set(first) == {"KO"}
    assert [record.getMessage() for record in caplog.records] == [
        "Robinhood left out of its answer (of /quotes/historicals/): NULL, EMPTY"
    ]


def test_many_symbols_go_into_few_requests(host: RobinhoodHost, listings: Listings) -> None:
    symbols = [f"S{number}" for number in range(150)]
    host.candles["day"] = {symbol: days([(MONDAY, 60)]) for symbol in symbols}

    assert len(read_days(listings, symbols, "year")) == 150
    assert host.count() == 2


def test_a_symbol_that_makes_a_list_refused_is_found_and_named(
    host: RobinhoodHost, listings: Listings, caplog: pytest.LogCaptureFixture
) -> None:
    host.candles["day"] = {symbol: days([(MONDAY, 60)]) for symbol in ("KO", "IBM", "XOM")}
    host.interfere = lambda number, asked: (404, {"detail": "Not found."}) if "BAD" in asked.query["symbols"] else None

    assert set(read_days(listings, ["KO", "BAD", "IBM", "XOM"], "year")) == {"KO", "IBM", "XOM"}
    assert "left out of its answer (of /quotes/historicals/): BAD" in caplog.text


def test_a_host_that_refuses_everything_is_believed(host: RobinhoodHost, listings: Listings) -> None:
    host.interfere = lambda number, asked: (400, {"detail": "no"})

    with pytest.raises(BrokerUnavailable):
        read_days(listings, [f"S{number}" for number in range(75)], "year")
    assert host.count() <= 20
