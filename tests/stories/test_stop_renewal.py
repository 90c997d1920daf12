"""Stops that a broker ends by itself are renewed in time, and what no stop can cover is told and left at that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, Purpose, TimeInForce
from tradebot.core.safety.stop_coverage import GapKind
from tradebot.errors import ExitCode, OrderRefused
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)


def bought(make_house: MakeHouse, **more: Any) -> House:
    """A home that has bought 50 ACME at 100 with a stop at 90, and stands in the next session."""
    script = Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10")')
    house = make_house(script, prices={"ACME": [FLAT] * 6}, **more)
    house.daily()
    house.next()
    return house


class EndsBrackets(Around):
    """Says of the legs of brackets that it will end them, in one way or another."""

    def __init__(self, broker: Broker, terms: dict[str, Any], *, refuses: bool = False) -> None:
        super().__init__(broker)
        self._terms, self._refuses = terms, refuses

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        return tuple(self._shown(order) for order in super().open_orders())

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        if self._refuses:
            self.calls.append("replace refused")
            raise OrderRefused("42210000", "this order cannot be replaced")
        return super().replace(broker_order_id, request)

    def _shown(self, order: BrokerOrder) -> BrokerOrder:
        return replace(order, **self._terms) if order.client_order_id.endswith(".stop") else order


def soon(house: House) -> dict[str, Any]:
    with house.exchange() as exchange:
        return {"expires_at": exchange.now() + timedelta(days=3)}


@pytest.mark.parametrize(("way", "price"), [("at 90 days", "90.01"), ("DAY", "90.00")])
def test_a_stop_that_lapses_is_renewed_in_one_request(make_house: MakeHouse, way: str, price: str) -> None:
    """One of which nothing else changes moves by a tick, to the better side."""
    house = bought(make_house)
    terms = {"time_in_force": TimeInForce.DAY} if way == "DAY" else soon(house)
    brokers: list[EndsBrackets] = []

    def ending(broker: Broker) -> Broker:
        brokers.append(EndsBrackets(broker, terms))
        return brokers[-1]

    outcome = house.check_exits(wrap=ending)
    (stop,) = house.open_orders()
    assert stop.client_order_id == house.id(2, Purpose.STOP)
    assert (stop.quantity, stop.stop_price, stop.time_in_force) == (Decimal(50), Decimal(price), TimeInForce.GTC)
    assert (outcome.exit_code, outcome.gaps) == (ExitCode.OK, ())
    house.check_exits(wrap=ending)
    assert [broker.calls.count("replace") for broker in brokers] == [1, 0]
    assert not any("cancel" in broker.calls for broker in brokers)


def test_a_renewal_that_is_refused_is_told_and_not_asked_for_again_that_session(make_house: MakeHouse) -> None:
    house = bought(make_house)
    terms, refusing = soon(house), list[EndsBrackets]()

    def ending(broker: Broker) -> Broker:
        refusing.append(EndsBrackets(broker, terms, refuses=True))
        return refusing[-1]

    first, second = house.check_exits(wrap=ending), house.check_exits(wrap=ending)
    assert [broker.calls.count("replace refused") for broker in refusing] == [1, 0]
    for outcome in (first, second):
        assert [(gap.kind, gap.dollars) for gap in outcome.gaps] == [(GapKind.LAPSING, Decimal(0))]
        assert any("about to be ended by the broker" in line.message for line in outcome.failures)
    assert house.stops() == [(Decimal(50), Decimal("90.00"))]
    house.next()
    house.check_exits(wrap=ending)
    assert refusing[-1].calls.count("replace refused") == 1


class FillsHalfAShareLess(Around):
    """Buys half a share less than it was asked for, and takes no bracket with it."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.stop_loss is not None:
            part = request.quantity - Decimal("0.5")
            request = replace(request, quantity=part, time_in_force=TimeInForce.DAY, stop_loss=None, take_profit=None)
        return super().submit(request)


def test_a_part_of_a_share_is_told_in_dollars_and_its_whole_shares_are_protected(make_house: MakeHouse) -> None:
    script = Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10")')
    house = make_house(script, prices={"ACME": [FLAT] * 6})
    house.daily(wrap=FillsHalfAShareLess)
    house.next()
    for _ in range(2):
        outcome = house.check_exits()
        assert house.stops() == [(Decimal(49), Decimal("90.00"))]
        assert [(gap.kind, gap.dollars) for gap in outcome.gaps] == [(GapKind.FRACTION, Decimal(50))]
        assert outcome.unprotected == Decimal(50)
        assert (outcome.orders, outcome.breaks, outcome.exit_code) == ((), (), ExitCode.OK)
        assert "ACME: $50.00 of scripted have no stop" in outcome.notes[-1]
    house.told(Script(leave={"ACME": [date(2007, 1, 8)]}))
    house.next()
    house.daily()
    assert house.positions() == {}
