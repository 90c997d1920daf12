from __future__ import annotations

import pytest

from tests.core.builders import D, limits_with
from tradebot.core.risk.candidate import EntryTerms, LeastOrder, smallest_order
from tradebot.core.risk.sizing import Cap, Size


@pytest.mark.parametrize(("price", "shares"), [("30", 4), ("25", 4), ("250", 1)])
def test_the_smallest_order_is_whole_shares_worth_the_minimum(price: str, shares: int) -> None:
    least = smallest_order(D(price), D(price) - 2, limits_with(min_order_value=D(100)))
    assert least == LeastOrder(D(shares), shares * D(price), D(shares * 2))


def test_the_value_of_an_entry_is_that_of_its_shares() -> None:
    assert EntryTerms(D(30), D(29), None, Size(D(10), Cap.ORDER_VALUE), LeastOrder(D(4), D(120), D(4))).value == 300
