from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D
from tradebot.core.model.order_rules import US_STOCKS


@pytest.mark.parametrize(
    ("base", "below", "above"),
    [
        ("25.10", "25.09", "25.11"),
        ("25.1034", "25.09", "25.12"),
        ("1.005", "0.995", "1.02"),
        ("0.9999", "0.9899", "1.01"),
        ("0.5", "0.49", "0.51"),
        ("0.0101", "0.0001", "0.0201"),
        ("0.01", None, "0.02"),
        ("0.0002", None, "0.0102"),
    ],
)
def test_a_leg_keeps_a_cent_from_the_price_of_its_entry(base: str, below: str | None, above: str) -> None:
    assert US_STOCKS.leg_below(D(base)) == (D(below) if below else None)
    assert US_STOCKS.leg_above(D(base)) == D(above)


@given(shares=st.decimals(min_value=0, max_value=1000, places=12), price=st.decimals("0.0001", 5000, places=4))
def test_what_is_saleable_is_whole_or_fine_and_worth_a_dollar(shares: Decimal, price: Decimal) -> None:
    sold = US_STOCKS.saleable(shares, price, fractionable=True)
    assert shares - 1 < sold <= shares
    assert sold == int(sold) or (sold * price >= 1 and sold == round(sold, 9))
    assert US_STOCKS.saleable(shares, price, fractionable=False) == int(shares)
