"""Blocks that several pages share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.reports.builders import Plain
from tests.reports.conftest import NOON
from tests.reports.test_json_output import ORDER
from tradebot.core.model.orders import OrderState, OrderType, Side
from tradebot.core.results.bare_lines import BareLine
from tradebot.reports.pages.common import bare, order_text


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


def test_times_without_a_stop_are_added_up_and_told_one_by_one_where_they_took_a_second(plain: Plain) -> None:
    line = BareLine("AAPL", "trend", Decimal(10), Decimal(260), NOON, NOON, Decimal("0.4"))
    lasts = replace(line, symbol="IBM", ended_at=None, seconds=Decimal(61))
    text = plain(bare([line, lasts]))
    assert "2 times, 61.4 seconds in all" in text
    assert "IBM" in text
    assert "AAPL" not in text
    assert "1 time, 0.4 seconds in all" in plain(bare([line]))
    at_once = replace(line, seconds=Decimal(0))
    assert plain(bare([at_once] * 25)).strip().splitlines()[1:] == ["  25 times, under 0.1 seconds in all"]
    assert bare([]) == ()
