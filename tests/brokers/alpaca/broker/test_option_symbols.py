"""Symbols of options, told from those of shares."""

from __future__ import annotations

import pytest

from tradebot.brokers.alpaca.broker.option_symbols import contract_size, is_option


@pytest.mark.parametrize(
    ("symbol", "shares"),
    [
        ("AAPL240719C00200000", 100),
        ("BRK.B240719P00412500", 100),
        ("AAPL", 1),
        ("BRK.B", 1),
        ("AAPL240719X00200000", 1),
    ],
)
def test_a_contract_stands_for_a_hundred_shares(symbol: str, shares: int) -> None:
    assert contract_size(symbol) == shares
    assert is_option(symbol) == (shares == 100)
