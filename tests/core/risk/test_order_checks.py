"""The last look at an entry: its price against those that were seen, and the orders that left before it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D, intent, limits_with, quote
from tradebot.core.model.orders import OrderType
from tradebot.core.model.plan import DenialCode
from tradebot.core.risk.order_checks import beyond_collar, order_objections, too_many_this_minute, too_many_this_session

PRICE = st.decimals(min_value="0.0002", max_value=5000, places=4)


@pytest.mark.parametrize(
    ("planned", "last", "before", "denied"),
    [
        ("50", "50", "50", False),
        ("50", "52.50", "50", False),
        ("50", "52.51", "50", True),  # it would fill at what the previous close is too far from
        ("52.50", "50", "50", False),
        ("52.51", "50", "50", True),  # it was sized on what the last price is too far from
        ("47.49", "50", "50", True),
        ("50", "51", "54", True),
    ],
)
def test_a_market_order_is_held_to_what_it_was_sized_on_and_to_what_it_may_fill_at(
    planned: str, last: str, before: str, denied: bool
) -> None:
    entry = replace(intent(), planned_price=D(planned))
    found = order_objections(entry, quote(last=last, before=before), 0, 0, limits_with())
    assert [denial.code for denial in found] == ([DenialCode.PRICE_COLLAR] if denied else [])


def test_a_resting_entry_is_held_to_its_own_price() -> None:
    near, far = D("52.50"), D("52.51")
    resting = replace(intent().request, type=OrderType.LIMIT)
    for kept, strayed in (
        (replace(resting, limit_price=near), replace(resting, limit_price=far)),
        (replace(resting, stop_price=near), replace(resting, stop_price=far)),
    ):
        assert order_objections(replace(intent(), request=kept), quote(), 0, 0, limits_with()) == ()
        (denial,) = order_objections(replace(intent(), request=strayed), quote(), 0, 0, limits_with())
        assert (denial.value, denial.limit) == (D("0.0502"), D("0.05"))


def test_stop_and_target_of_a_bracket_may_be_as_far_away_as_they_like() -> None:
    entry = intent()
    wide = replace(entry, request=replace(entry.request, stop_loss=D(20), take_profit=D(200)))
    assert order_objections(wide, quote(), 0, 0, limits_with()) == ()


def test_without_prices_to_compare_with_nothing_leaves() -> None:
    for unknown in (None, replace(quote(), previous_close=None), quote(last="0")):
        assert [denial.code for denial in order_objections(intent(), unknown, 0, 0, limits_with())] == [
            DenialCode.PRICE_COLLAR
        ]


def test_every_objection_is_given_with_its_numbers() -> None:
    found = order_objections(intent(), quote(last="60", before="50"), 60, 200, limits_with())
    assert [(denial.code.value, denial.value, denial.limit) for denial in found] == [
        ("PRICE_COLLAR", D("0.2"), D("0.05")),
        ("MAX_ORDERS_PER_MINUTE", 61, 60),
        ("MAX_ORDERS_PER_SESSION", 201, 200),
    ]


@given(st.lists(PRICE, min_size=1, max_size=3), PRICE, PRICE, st.decimals(min_value=0, max_value=1, places=3))
def test_the_collar_lets_through_exactly_what_lies_within_it(
    prices: list[Decimal], last: Decimal, before: Decimal, pct: Decimal
) -> None:
    """Judged in fractions, which round nothing; a price within a part in 10^20 of the edge is not judged."""
    seen = replace(quote(last=str(last)), previous_close=before)
    width = max(
        abs(Fraction(price) / Fraction(reference) - 1) for price in prices for reference in (last, before)
    ) - Fraction(pct)
    if abs(width) > Fraction(1, 10**20) or width == 0:
        assert (beyond_collar(prices, seen, limits_with(price_collar_pct=pct)) is None) is (width <= 0)


@given(st.integers(0, 50), st.integers(1, 50))
def test_as_many_orders_leave_as_the_limit_says(sent: int, limit: int) -> None:
    limits = limits_with(max_orders_per_minute=limit, max_orders_per_session=limit)
    allowed = sent in range(limit)
    assert (too_many_this_minute(sent, limits) is None) is allowed
    assert (too_many_this_session(sent, limits) is None) is allowed
