"""What the ledger and the broker know of the entries behind held stops."""

from __future__ import annotations

from datetime import date

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.jobs.steps.stop_gaps import filled_entries, look_for_gaps

SECOND = date(2007, 1, 4)


def bought(make_house: MakeHouse) -> House:
    """A home that has bought 50 ACME with a stop that is held behind a target."""
    house = make_house(Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10"), target=Decimal("0.20")'))
    house.daily()
    return house


def test_the_ledger_says_that_an_entry_has_filled_and_nobody_is_asked(make_house: MakeHouse) -> None:
    house = bought(make_house)
    with house.desk(wrap=Around) as desk:
        broker = desk.broker
        assert isinstance(broker, Around)
        orders = broker.inner.open_orders()
        entry = house.order(house.id(1, Purpose.ENTRY))
        assert entry is not None
        assert filled_entries(desk, orders) == {entry.broker_order_id}
        assert broker.calls == []


def test_where_the_ledger_does_not_know_yet_the_broker_is_asked(make_house: MakeHouse) -> None:
    house = bought(make_house)
    with house.desk(wrap=Around) as desk:
        broker = desk.broker
        assert isinstance(broker, Around)
        desk.ledger.orders.move(house.id(1, Purpose.ENTRY), OrderState.UNKNOWN, desk.clock.now())
        orders, positions = broker.inner.open_orders(), broker.inner.positions()
        assert look_for_gaps(desk, desk.ledger.books.holdings(), positions, orders, {}) == ()
        assert broker.calls == ["order"]
