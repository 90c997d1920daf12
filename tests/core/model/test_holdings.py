from __future__ import annotations

import pytest

from tests.core.builders import D, holding, position
from tradebot.core.model.orders import Side


@pytest.mark.parametrize(
    ("here", "there", "shares"),
    [("100", "100", 100), ("100", "60", 60), ("60", "100", 60), ("-60", "-100", 60), ("100", "-100", 0), ("1", "0", 0)],
)
def test_our_shares_at_the_broker_are_the_smaller_of_the_two_figures(here: str, there: str, shares: int) -> None:
    assert holding(quantity=here).shares_in(position(quantity=there)) == shares


def test_no_position_has_none_of_our_shares() -> None:
    assert holding().shares_in(None) == 0


def test_the_side_is_that_of_the_opening() -> None:
    assert (holding().side, holding(quantity="-5").side) == (Side.BUY, Side.SELL)
    assert holding().with_stop(D("49.50")).stop_price == D("49.50")
