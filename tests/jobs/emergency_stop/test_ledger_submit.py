"""The stop that a job makes by itself writes its orders down."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse, holding_acme
from tests.jobs.emergency_stop.stopping import jobs_own, sales
from tests.jobs.house import House
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.errors import ExitCode, LedgerError
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.jobs.steps.activities import book_new_activities


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def stop_within(desk: Desk, *, close: bool) -> ExitCode:
    outcome = emergency_stop.run(jobs_own(desk), close_positions=close)
    book_new_activities(desk)
    return outcome.exit_code


def test_a_jobs_own_stop_writes_its_orders_down_before_it_sends_them(house: House) -> None:
    with house.desk() as desk:
        assert stop_within(desk, close=True) is ExitCode.OK
    (close,) = (intent for intent in house.intents() if intent.purpose is Purpose.CLOSE)
    assert (close.attempt, close.state, close.filled_quantity) == (1, OrderState.FILLED, Decimal(50))
    assert house.reconcile().breaks == ()
    assert house.rows("SELECT exit_reason FROM trades") == [{"exit_reason": "emergency stop"}]
    told = house.rows("SELECT detail FROM audit WHERE kind = 'emergency_stop' ORDER BY seq")
    assert [row["detail"].split('"did":"')[1].split('"')[0] for row in told] == [
        "cancel asked for", "close sent", "cancelled", "closed", "ended with 0",
    ]  # fmt: skip


def test_a_jobs_own_stop_that_keeps_positions_arms_what_is_missing_as_an_intent(house: House) -> None:
    with house.by_hand() as broker:
        broker.cancel(house.open_orders()[0].broker_order_id)
    with house.desk() as desk:
        assert stop_within(desk, close=False) is ExitCode.OK
    assert house.stops() == [(Decimal(50), Decimal(90))]
    assert [i.state for i in house.intents() if i.purpose is Purpose.STOP] == [OrderState.ACCEPTED]
    assert house.reconcile().breaks == ()


def test_a_jobs_own_stop_goes_on_when_its_ledger_fails(house: House) -> None:
    class Full:
        """An order book on a disk that has just become full."""

        def __init__(self, inner: object) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> object:
            if name == "write":
                raise LedgerError("the disk is full")
            return getattr(self._inner, name)

    with house.desk() as desk:
        desk.ledger.orders = Full(desk.ledger.orders)  # type: ignore[assignment]
        outcome = emergency_stop.run(jobs_own(desk), close_positions=True)
    assert outcome.exit_code is ExitCode.OK
    assert sales(house) == [("ACME", Decimal(50))]
    assert house.reconcile().breaks == ()
