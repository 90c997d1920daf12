"""What is said of orders when the broker was lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tradebot.core.model.orders import Intent, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.safety.unsettled_orders import unsettled_text

INTENT = Intent(
    OrderRequest("tb1-x", "ACME", Side.BUY, Decimal("50"), OrderType.MARKET, TimeInForce.GTC),
    "alpaca:paper:X",
    date(2007, 1, 4),
    "scripted",
    Purpose.ENTRY,
    1,
    Decimal(100),
    "told to",
)


def test_each_order_is_told_by_what_is_known_of_it() -> None:
    lost = [replace(INTENT, state=state) for state in (OrderState.SUBMITTING, OrderState.UNKNOWN)]
    resting = replace(INTENT, state=OrderState.PARTIALLY_FILLED, filled_quantity=Decimal(20))
    told = unsettled_text([*lost, resting, INTENT])
    what = "entry: buy 50 ACME"
    assert told[:3] == (
        f"not known: what became of {what} (tb1-x), {what} (tb1-x)",
        f"as last seen at the broker: {what}, 20 filled",
        f"written down and not at the broker: {what}",
    )


def test_where_nothing_is_under_way_that_is_known() -> None:
    assert unsettled_text([])[0] == "known: every order that was sent is at the broker"
