"""What a session shows of prices and symbols at each moment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.prices import made
from tradebot.brokers.paper import Phase
from tradebot.core.model.orders import OrderState, TimeInForce

DAY, GTC = TimeInForce.DAY, TimeInForce.GTC


@pytest.mark.parametrize(
    ("clock", "last", "phase", "is_open"),
    [
        ("09:29", "90", Phase.PRE_OPEN, False),
        ("09:30", "100", Phase.OPEN, True),
        ("09:35", "100", Phase.OPEN, True),
        ("09:35:01", "101", Phase.RESOLVED, True),
        ("15:59", "101", Phase.RESOLVED, True),
        ("16:00", "101", Phase.CLOSED, False),
        ("20:00", "101", Phase.CLOSED, False),
    ],
)
def test_each_phase_shows_its_own_last_price(pit: OpenPit, clock: str, last: str, phase: Phase, is_open: bool) -> None:
    world = pit(made({"ACME": ["88 92 87 90", "100 105 95 101"]}))
    world.next(clock)
    quote = world.exchange.quotes(["ACME"])["ACME"]
    assert quote.last == Decimal(last)
    assert quote.previous_close == 90
    assert world.exchange.status().phase is phase
    assert world.broker.clock().is_open is is_open


def test_a_symbol_that_stops_trading_keeps_its_last_price_and_its_orders_wait(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101", None, None, "50 51 49 50"], "OTHER": ["10 11 9 10"] * 4}))
    world.at("09:35")
    world.buy(10)
    world.next("09:35")
    assert world.exchange.quotes(["ACME"])["ACME"].last == 101
    assert world.held() == 10
    assert not world.broker.assets(["ACME"])["ACME"].tradable
    world.sell(10, tif=GTC)
    world.next("16:00")
    assert world.order("c2").state is OrderState.ACCEPTED
    assert world.broker.account().equity == Decimal(100_010)
    world.next("09:30")
    assert world.fills()[-1] == ("c2", "10", "50")


def test_a_symbol_is_unknown_before_it_is_listed(pit: OpenPit) -> None:
    world = pit(made({"NEW": [None, "20 21 19 20"], "OTHER": ["10 11 9 10"] * 2}))
    world.at("09:35")
    assert world.broker.assets(["NEW", "OTHER", "NONE"]).keys() == {"OTHER"}
    assert "NEW" not in world.exchange.quotes(["NEW", "NONE"])
    world.next()
    assert world.broker.assets(["NEW"])["NEW"].tradable
    assert "NEW" not in world.exchange.quotes(["NEW"])
    world.at("09:30")
    assert world.exchange.quotes(["NEW"])["NEW"].last == 20
