"""How one order meets one price, and the range of a bar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.orders import Requests
from tests.fakes.prices import FIRST_SESSION, bar
from tradebot.brokers.paper.orders import PaperOrder, draft_order
from tradebot.core.model.orders import Side
from tradebot.core.model.values import tick_size
from tradebot.market.matching import FillRules, match_price, match_range, with_slippage

FREE = FillRules(slippage_pct=Decimal(0))
ONE_PERCENT = Decimal("0.01")
NOW = datetime(2007, 1, 3, 14, 35, tzinfo=UTC)


def resting(side: str, limit: str | None = None, stop: str | None = None) -> PaperOrder:
    return draft_order(Requests().order(Side(side), 10, limit=limit, stop=stop), NOW)


@pytest.mark.parametrize(
    ("side", "limit", "stop", "market", "fills_at", "triggered"),
    [
        ("buy", None, None, "100", "100", False),
        ("sell", None, None, "100", "100", False),
        ("buy", "100", None, "100", "100", False),
        ("buy", "101", None, "100", "100", False),
        ("buy", "99.99", None, "100", None, False),
        ("sell", "100", None, "100", "100", False),
        ("sell", "99", None, "100", "100", False),
        ("sell", "100.01", None, "100", None, False),
        ("buy", None, "100", "100", "100", True),
        ("buy", None, "99", "100", "100", True),
        ("buy", None, "100.01", "100", None, False),
        ("sell", None, "100", "100", "100", True),
        ("sell", None, "101", "100", "100", True),
        ("sell", None, "99.99", "100", None, False),
        ("sell", "95", "98", "97", "97", True),
        ("sell", "95", "98", "94", None, True),
        ("sell", "95", "98", "99", None, False),
        ("buy", "105", "102", "103", "103", True),
        ("buy", "105", "102", "106", None, True),
        ("buy", "105", "102", "101", None, False),
    ],
)
def test_an_order_that_arrives_meets_one_price(
    side: str, limit: str | None, stop: str | None, market: str, fills_at: str | None, triggered: bool
) -> None:
    match = match_price(resting(side, limit, stop), Decimal(market), FREE, rests=False)
    assert match.price == (None if fills_at is None else Decimal(fills_at))
    assert match.triggered is triggered


@pytest.mark.parametrize(
    ("side", "limit", "stop", "fills_at", "triggered"),
    [
        # the bar opens at 100, goes from 95 to 105 and closes at 101; the order did not trade at the open
        ("buy", "95", None, None, False),
        ("buy", "97", None, "97", False),
        ("buy", "94.99", None, None, False),
        ("sell", "105", None, None, False),
        ("sell", "103", None, "103", False),
        ("sell", "105.01", None, None, False),
        ("sell", None, "95", "95", True),
        ("sell", None, "98", "98", True),
        ("sell", None, "94.99", None, False),
        ("buy", None, "105", "105", True),
        ("buy", None, "102", "102", True),
        ("buy", None, "105.01", None, False),
        ("sell", "96", "98", "98", True),
        ("sell", "99", "98", None, True),
        ("sell", "90", "94", None, False),
        ("buy", "104", "102", "102", True),
        ("buy", "101", "102", None, True),
    ],
)
def test_an_order_meets_the_rest_of_a_bar(
    side: str, limit: str | None, stop: str | None, fills_at: str | None, triggered: bool
) -> None:
    match = match_range(resting(side, limit, stop), bar("ACME", FIRST_SESSION, "100 105 95 101"), FREE)
    assert match.price == (None if fills_at is None else Decimal(fills_at))
    assert match.triggered is triggered


def test_a_triggered_stop_limit_is_a_limit_order() -> None:
    order = resting("sell", "95", "98")
    assert match_price(order, Decimal(94), FREE, rests=True).triggered
    order = replace(order, triggered=True)
    assert match_range(order, bar("ACME", FIRST_SESSION, "94 96 93 93"), FillRules()).price == Decimal(95)
    assert match_range(order, bar("ACME", FIRST_SESSION, "94 95 93 93"), FillRules()).price is None


@pytest.mark.parametrize(
    ("side", "limit", "high_and_low", "fills", "at_touch"),
    [
        ("sell", "105", "105 95", False, True),
        ("sell", "105", "105.01 95", True, True),
        ("sell", "105", "104.99 95", False, False),
        ("buy", "95", "105 95", False, True),
        ("buy", "95", "105 94.99", True, True),
        ("sell", "0.5", "0.5001 0.4", True, True),  # below a dollar a tick is a hundredth of a cent
    ],
)
def test_a_resting_limit_fills_when_the_price_goes_through_it(
    side: str, limit: str, high_and_low: str, fills: bool, at_touch: bool
) -> None:
    high, low = high_and_low.split()
    prices = bar("ACME", FIRST_SESSION, f"{low} {high} {low} {low}")
    filled = [
        match_range(resting(side, limit, None), prices, FillRules(fills_at_touch=touch)).price is not None
        for touch in (False, True)
    ]
    assert filled == [fills, at_touch]


@pytest.mark.parametrize(
    ("side", "limit", "stop", "market", "fills_at", "arriving"),
    [
        ("sell", "105", None, "105", None, "105"),  # the price only touches the limit
        ("sell", "105", None, "105.01", "105.01", "105.01"),  # it gaps through it
        ("buy", "95", None, "95", None, "95"),
        ("buy", "95", None, "94.99", "94.99", "94.99"),
        ("sell", "0.5", None, "0.5001", "0.5001", "0.5001"),
        ("sell", "95", "98", "95", "95", "95"),  # the price triggers it, so its limit arrives with the price
        ("sell", None, "95", "95", "95", "95"),  # a stop is reached by a touch
    ],
)
def test_a_price_that_only_touches_a_limit_fills_it_on_arrival_but_not_in_the_queue(
    side: str, limit: str | None, stop: str | None, market: str, fills_at: str | None, arriving: str
) -> None:
    order, price = resting(side, limit, stop), Decimal(market)
    at_touch = replace(FREE, fills_at_touch=True)
    assert match_price(order, price, FREE, rests=True).price == (None if fills_at is None else Decimal(fills_at))
    assert match_price(order, price, FREE, rests=False).price == Decimal(arriving)
    assert match_price(order, price, at_touch, rests=True).price == Decimal(arriving)


def test_a_stop_limit_that_was_triggered_before_waits_in_the_queue() -> None:
    order = replace(resting("sell", "95", "98"), triggered=True)
    assert match_price(order, Decimal(95), FREE, rests=True).price is None
    assert match_price(order, Decimal("95.01"), FREE, rests=True).price == Decimal("95.01")


@pytest.mark.parametrize(
    ("side", "price", "slipped"),
    [
        ("buy", "100", "101"),
        ("sell", "100", "99"),
        ("buy", "33.33", "33.67"),  # 33.6633
        ("sell", "33.33", "32.99"),  # 32.9967
        ("buy", "0.5", "0.505"),
        ("sell", "0.5", "0.495"),
        ("buy", "0.9999", "1.01"),  # 1.009899, and from a dollar up the tick is a cent
        ("sell", "0.0001", "0.0001"),  # nothing is sold for nothing
    ],
)
def test_slippage_is_adverse_and_rounded_adversely_to_the_tick(side: str, price: str, slipped: str) -> None:
    assert with_slippage(Decimal(price), Side(side), ONE_PERCENT) == Decimal(slipped)


@pytest.mark.parametrize(
    ("side", "limit", "stop", "fills_at"),
    [
        ("buy", None, "102", "103.02"),
        ("sell", None, "98", "97.02"),
        ("buy", "102.5", "102", "102.5"),
        ("sell", "97.5", "98", "97.5"),
        ("buy", "97", None, "97"),
        ("sell", "103", None, "103"),
    ],
)
def test_slippage_moves_stops_and_never_passes_a_limit(
    side: str, limit: str | None, stop: str | None, fills_at: str
) -> None:
    match = match_range(
        resting(side, limit, stop), bar("ACME", FIRST_SESSION, "100 105 95 101"), FillRules(slippage_pct=ONE_PERCENT)
    )
    assert match.price == Decimal(fills_at)


cents = st.integers(min_value=1, max_value=100_000).map(lambda n: Decimal(n) / 100)


@given(
    side=st.sampled_from(list(Side)),
    limit=st.none() | cents,
    stop=st.none() | cents,
    market=cents,
    slippage=st.integers(min_value=0, max_value=500).map(lambda n: Decimal(n) / 10_000),
    rests=st.booleans(),
)
def test_no_fill_is_better_than_the_market_nor_beyond_the_limit(
    side: Side, limit: Decimal | None, stop: Decimal | None, market: Decimal, slippage: Decimal, rests: bool
) -> None:
    order = resting(side, None if limit is None else str(limit), None if stop is None else str(stop))
    price = match_price(order, market, FillRules(slippage_pct=slippage), rests=rests).price
    if price is None:
        return
    assert price == price.quantize(tick_size(price))
    assert price > 0
    assert (price - market) * side.sign >= 0 or limit is not None or price == Decimal("0.0001")
    assert abs(price - market) <= market * slippage + tick_size(price)
    if limit is not None:
        assert (price - limit) * side.sign <= 0
