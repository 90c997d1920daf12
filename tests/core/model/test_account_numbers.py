"""The numbers of accounts, masked where they are secret."""

from __future__ import annotations

import pytest

from tradebot.core.model.account_numbers import masked, shown_key, shown_number


@pytest.mark.parametrize(
    ("number", "others", "shown"),
    [
        ("5FK00001", (), "*****001"),
        ("5FK00001", ("5FK00001", "5FK00002"), "*****001"),
        ("5FK00001", ("9FK00001",), "5****001"),
        ("5FK00001", ("9FK00001", "5FX00001"), "5*K**001"),
        ("001", ("9001",), "001"),
    ],
)
def test_the_end_is_shown_and_what_tells_it_from_others(number: str, others: tuple[str, ...], shown: str) -> None:
    assert masked(number, others) == shown


def test_only_the_numbers_of_some_brokers_are_secret() -> None:
    assert shown_number("robinhood", "live", "5FK00001") == "*****001"
    assert shown_number("alpaca", "live", "123456789") == "123456789"
    assert shown_key("robinhood:live:5FK00001") == "robinhood:live:*****001"
    for key in ("robinhood:paper:PAPER-0001", "alpaca:live:123456789", ""):
        assert shown_key(key) == key
