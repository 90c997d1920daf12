"""What a row names: its account, its instrument, and objects within it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tradebot.brokers.robinhood.json_fields import Fields, last_part
from tradebot.errors import BrokerUnavailable

ADDRESS = "https://api.robinhood.com/instruments/33333333-3333-3333-3333-333333333333/"


@pytest.mark.parametrize(
    "row",
    [
        {"instrument_id": "33333333-3333-3333-3333-333333333333"},
        {"instrument": ADDRESS},
        {"instrument_id": None, "instrument": ADDRESS},
        {"instrument_id": "33333333-3333-3333-3333-333333333333", "instrument": None},
    ],
)
def test_an_instrument_is_named_by_its_id_or_its_address(row: dict[str, str]) -> None:
    assert Fields(row, "an order").id_of("instrument") == "33333333-3333-3333-3333-333333333333"


def test_a_row_without_an_instrument_is_unreadable() -> None:
    with pytest.raises(BrokerUnavailable, match="Robinhood's answer lacks instrument of an order"):
        Fields({}, "an order").id_of("instrument")


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ({"account": "https://api.robinhood.com/accounts/5QR12345/"}, "5QR12345"),
        ({"account_number": "5QR12345", "account": None}, "5QR12345"),
        ({}, None),
    ],
)
def test_a_row_tells_its_account_or_does_not(row: dict[str, str], number: str | None) -> None:
    assert Fields(row, "an order").account_number() == number


def test_an_object_within_a_row_has_fields_of_its_own() -> None:
    row = Fields({"amount": {"amount": "12.50"}, "none": None, "text": "5"}, "a payment")
    inner = row.maybe_object("amount")
    assert inner is not None and inner.number("amount") == Decimal("12.5")
    assert row.maybe_object("none") is None
    with pytest.raises(BrokerUnavailable, match="Robinhood answered '5' where text of a payment belongs"):
        row.maybe_object("text")


def test_the_last_part_of_an_address_is_an_id_with_and_without_a_slash_and_a_query() -> None:
    assert last_part("https://api.robinhood.com/orders/abc/?x=1/2") == last_part("/orders/abc") == "abc"


def test_a_price_is_one_that_a_market_can_have() -> None:
    row = Fields({"last": "60.250000", "zero": "0", "huge": "1e9"}, "the quote of KO")

    assert row.price("last") == Decimal("60.25")
    for name in ("zero", "huge"):
        with pytest.raises(BrokerUnavailable, match=f"for {name} of the quote of KO"):
            row.price(name)


def test_a_day_is_a_date_or_absent() -> None:
    row = Fields({"day": "2024-07-01", "none": None, "text": "Monday"}, "the quote of KO")

    assert (row.maybe_day("day"), row.maybe_day("none")) == (date(2024, 7, 1), None)
    with pytest.raises(BrokerUnavailable, match="'Monday' for text of the quote of KO"):
        row.maybe_day("text")
