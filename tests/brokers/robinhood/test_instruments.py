"""Symbols and instruments, in few requests, and what the next command knows of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.brokers.robinhood.conftest import Desk, MakeDesk
from tests.fakes.robinhood import Terms
from tests.fakes.robinhood.names import Names
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.robinhood.instruments import InstrumentBook, parse_instrument
from tradebot.errors import BrokerUnavailable

SYMBOLS = tuple(f"S{letter}{other}" for letter in "ABCDEFGH" for other in "ABCDEFG")


def book(desk: Desk) -> InstrumentBook:
    """What one command has."""
    return InstrumentBook(desk.api, JsonCache(desk.folder, "robinhood", "instruments", "host"), desk.clock)


def test_symbols_are_resolved_in_two_requests_however_many_there_are(robinhood: MakeDesk) -> None:
    desk = robinhood(symbols=SYMBOLS)
    found = book(desk).by_symbol(SYMBOLS)
    assert list(found) == list(SYMBOLS)
    assert all(found[symbol].symbol == symbol and found[symbol].id in found[symbol].url for symbol in SYMBOLS)
    assert desk.asked == ["GET /quotes/", "GET /instruments/"]


def test_the_next_command_of_the_day_asks_nothing_and_that_of_the_next_day_once(robinhood: MakeDesk) -> None:
    desk = robinhood("100 101 99 100", "100 101 99 100", symbols=SYMBOLS)
    known = book(desk).by_symbol(SYMBOLS)
    desk.forget()
    assert book(desk).by_symbol(SYMBOLS) == known
    assert desk.asked == []
    desk.pit.next("09:35")
    assert book(desk).by_symbol(SYMBOLS) == known
    assert desk.asked == ["GET /instruments/"]


def test_an_instrument_s_symbol_is_known_to_the_next_command_whatever_the_day(robinhood: MakeDesk) -> None:
    desk = robinhood("100 101 99 100", "100 101 99 100")
    acme = book(desk).by_symbol(["ACME"])["ACME"]
    desk.pit.next("09:35")
    desk.forget()
    assert book(desk).by_id([acme.id]) == {acme.id: acme}
    assert desk.asked == []


def test_an_instrument_that_nobody_asked_for_is_read_by_its_id(robinhood: MakeDesk) -> None:
    desk = robinhood()
    identifier = Names("PAPER-0001", desk.fake.url, {}).instrument_id("ACME")
    found = book(desk).by_id([identifier, "00000000-0000-0000-0000-000000000000"])
    assert {each.symbol for each in found.values()} == {"ACME"}


def test_a_symbol_that_robinhood_does_not_know_is_absent_and_asked_for_once_a_command(robinhood: MakeDesk) -> None:
    desk = robinhood()
    first = book(desk)
    assert list(first.by_symbol(["NOPE", "ACME"])) == ["ACME"]
    desk.forget()
    assert list(first.by_symbol(["NOPE", "ACME"])) == ["ACME"]
    assert desk.asked == []


@pytest.mark.parametrize("terms", [Terms(quotes_missing=("ACME",)), Terms(left_out=("ACME",))])
def test_a_symbol_whose_quote_is_missing_is_found_by_itself(robinhood: MakeDesk, terms: Terms) -> None:
    desk = robinhood(terms=terms)
    assert book(desk).by_symbol(["ACME"])["ACME"].symbol == "ACME"


def test_a_symbol_that_changed_overnight_is_followed(robinhood: MakeDesk) -> None:
    desk = robinhood("100 101 99 100", "100 101 99 100")
    acme = book(desk).by_symbol(["ACME"])["ACME"]
    desk.pit.next("09:35")
    desk.fake.house.terms.renames = {"ACME": "NEWA"}
    later = book(desk)
    assert list(later.by_symbol(["ACME"])) == []
    assert later.by_symbol(["NEWA"])["NEWA"].id == acme.id
    assert later.by_id([acme.id])[acme.id].symbol == "NEWA"


ROW = {"id": "x", "symbol": "ACME", "url": "https://host/instruments/x/", "state": "active", "tradeable": True}
TRADABLE = {"tradability": "tradable", "rhs_tradability": "tradable", "fractional_tradability": "tradable"}


@pytest.mark.parametrize(
    ("changes", "tradable", "fractionable"),
    [
        ({}, True, True),
        ({"tradeable": False}, False, True),
        ({"state": "inactive"}, False, True),
        ({"tradability": "position_closing_only"}, False, True),
        ({"rhs_tradability": "untradable"}, False, True),
        ({"fractional_tradability": "position_closing_only"}, True, False),
        ({"rhs_tradability": None, "fractional_tradability": None}, True, False),
    ],
)
def test_each_of_three_fields_can_deny_trading(changes: dict[str, Any], tradable: bool, fractionable: bool) -> None:
    asset = parse_instrument({**ROW, **TRADABLE, **changes}).asset
    assert (asset.symbol, asset.tradable, asset.fractionable) == ("ACME", tradable, fractionable)


def test_an_instrument_without_a_symbol_is_a_failed_read() -> None:
    with pytest.raises(BrokerUnavailable, match="lacks symbol"):
        parse_instrument({**ROW, "symbol": None})
