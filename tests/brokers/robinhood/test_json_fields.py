"""What a row names: its account, its instrument, and objects within it."""

from __future__ import annotations

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
