"""Blocks that several pages share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.reports.test_json_output import ORDER
from tradebot.core.model.orders import OrderState, OrderType, Side
from tradebot.reports.pages.common import order_text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"target": Decimal("28.87")}, "BUY 10 AAPL @ 25.10, stop 24.85, target 28.87"),
        ({"stop": None}, "BUY 10 AAPL @ 25.10"),
        (
            {"side": Side.SELL, "type": OrderType.STOP, "price": Decimal("24.85"), "stop": None},
            "SELL 10 AAPL stop @ 24.85",
        ),
        ({"state": OrderState.SUBMITTING, "price": None, "stop": None}, "BUY 10 AAPL @ -"),
    ],
)
def test_an_order_is_said_as_traders_say_it(change: dict[str, object], text: str) -> None:
    assert order_text(replace(ORDER, **change)) == text  # type: ignore[arg-type]
