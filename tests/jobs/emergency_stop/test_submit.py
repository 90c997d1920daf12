"""Closing orders of an emergency stop: their ids, lost answers and refusals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import CopyHouse, MakeHouse, holding_acme
from tests.jobs.emergency_stop.stopping import sales
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.core.results.stop_outcome import StopResult
from tradebot.errors import ExitCode

SECOND = date(2007, 1, 4)
ONE = Script(enter={"ACME": [SECOND]})


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def test_a_close_that_the_broker_rejects_is_sent_under_a_further_id(house: House) -> None:
    sent: list[OrderRequest] = []

    class RejectsTheFirst(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            sent.append(request)
            if len(sent) == 1:
                return self._rejected(request)
            return super().submit(request)

        def order(self, client_order_id: str) -> BrokerOrder | None:
            first = next((r for r in sent[:1] if r.client_order_id == client_order_id), None)
            return self._rejected(first) if first else super().order(client_order_id)

        def _rejected(self, request: OrderRequest) -> BrokerOrder:
            resting = super().open_orders()
            return BrokerOrder(
                "R-1", request.client_order_id, request.symbol, request.side, request.quantity, Decimal(0),
                request.type, request.time_in_force, OrderState.REJECTED,
                resting[0].submitted_at if resting else self.clock().now,
            )  # fmt: skip

    outcome = house.emergency_stop(close=True, wrap=RejectsTheFirst)
    assert outcome.exit_code is ExitCode.OK
    assert [request.client_order_id.rpartition("-")[2] for request in sent] == ["1001", "1002"]
    assert sales(house) == [("ACME", Decimal(50))]


def test_where_the_price_has_passed_a_missing_stop_it_sells(make_house: MakeHouse) -> None:
    house = make_house(ONE, prices={"ACME": [FLAT, FLAT, "85 86 84 85"]})
    house.daily()
    with house.by_hand() as broker:
        broker.cancel(house.open_orders()[0].broker_order_id)
    house.next()
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    outcome = house.emergency_stop()
    assert outcome.exit_code is ExitCode.OK
    assert [(line.result, line.symbol) for line in outcome.lines] == [(StopResult.CLOSED, "ACME")]
    assert house.positions() == {}
