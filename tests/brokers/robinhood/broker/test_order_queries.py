"""Orders by their ids, in few requests, though lists lag."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.robinhood.conftest import Desk, MakeDesk
from tests.fakes.orders import Requests
from tests.fakes.robinhood import Terms
from tradebot.core.model.orders import BrokerOrder, OrderState, TimeInForce

make = Requests()
DAY = TimeInForce.DAY


def entered(desk: Desk, count: int, quantity: int = 1) -> list[str]:
    """Sends entries that rest, and returns their ids."""
    ids = [f"entry{number}" for number in range(count)]
    for number, identifier in enumerate(ids):
        desk.broker.submit(make.buy(quantity, limit=str(80 + number), client_id=identifier))
    desk.forget()
    return ids


def test_an_order_that_this_command_sent_is_read_by_itself(robinhood: MakeDesk) -> None:
    desk = robinhood()
    (identifier,) = entered(desk, 1)
    found = desk.broker.order(identifier)
    assert found is not None and found.state is OrderState.ACCEPTED
    assert desk.asked == [f"GET /orders/{found.broker_order_id}/"]


def test_many_live_orders_are_one_request_in_another_command(robinhood: MakeDesk) -> None:
    desk = robinhood()
    ids = entered(desk, 12)
    assert list(desk.command().orders(ids)) == sorted(ids, key=ids.index)
    assert desk.asked == ["GET /orders/"]


def test_orders_that_ended_meanwhile_are_read_by_themselves(robinhood: MakeDesk) -> None:
    desk = robinhood()
    ids = entered(desk, 6)
    live = desk.command().open_orders()
    desk.broker.cancel(live[0].broker_order_id)
    desk.broker.cancel(live[1].broker_order_id)
    desk.broker.open_orders()
    desk.forget()
    found = desk.command().orders(ids)
    assert {found[identifier].state for identifier in ids[:2]} == {OrderState.CANCELLED}
    assert len(desk.asked) == 3


def test_an_order_that_no_command_has_seen_is_found_in_the_list_since_it_was_sent(robinhood: MakeDesk) -> None:
    desk = robinhood()
    ids = entered(desk, 6)
    desk.broker.cancel_all()
    desk.broker.open_orders()
    (desk.folder / "robinhood_orders").unlink(missing_ok=True)
    desk.forget()
    found = desk.command().orders(ids)
    assert {order.state for order in found.values()} == {OrderState.CANCELLED}
    assert [arrival.query.get("updated_at[gte]", "") > "2007" for arrival in desk.requests] == [False, True]


def test_an_order_that_a_lagging_list_lacks_is_there_by_its_own_id(robinhood: MakeDesk) -> None:
    desk = robinhood(terms=Terms(list_lag=3600.0))
    (identifier,) = entered(desk, 1)
    assert [order.client_order_id for order in desk.broker.open_orders()] == [identifier]
    assert desk.broker.order(identifier) is not None
    assert desk.command().open_orders() == ()
    desk.pit.at("10:40")
    assert [order.client_order_id for order in desk.command().open_orders()] == [identifier]


@pytest.mark.parametrize("links", [True, False])
def test_an_order_is_open_by_its_state_with_and_without_a_link_to_cancel_it(robinhood: MakeDesk, links: bool) -> None:
    desk = robinhood(terms=Terms(cancel_links=links, page_rows=2))
    ids = entered(desk, 5)
    assert [order.client_order_id for order in desk.command().open_orders()] == ids


def test_a_list_of_several_pages_is_read_twice(robinhood: MakeDesk) -> None:
    desk = robinhood(terms=Terms(page_rows=2))
    entered(desk, 3)
    desk.command().open_orders()
    assert desk.asked == ["GET /orders/"] * 4


def test_an_order_of_somebody_else_has_no_id_of_ours(robinhood: MakeDesk) -> None:
    desk = robinhood()
    desk.pit.buy(5, limit="90", client_id="by-hand")
    (order,) = desk.command(strategies=("trend",)).open_orders()
    assert (order.client_order_id, order.symbol, order.quantity) == ("", "ACME", Decimal(5))
    assert desk.command().client_order_ids() == frozenset()


def test_of_two_orders_of_one_id_the_live_one_counts(robinhood: MakeDesk) -> None:
    from tests.fakes.robinhood import Repeated

    desk = robinhood(terms=Terms(repeated=Repeated.SECOND, slow_cancels=0))
    first = desk.broker.submit(make.buy(1, limit="90", client_id="twice"))
    second = desk.broker.submit(make.buy(1, limit="90", client_id="twice"))
    assert first.broker_order_id != second.broker_order_id

    def shown() -> BrokerOrder:
        found = desk.command().order("twice")
        assert found is not None
        return found

    desk.broker.cancel(second.broker_order_id)
    assert shown().broker_order_id == first.broker_order_id
    desk.broker.cancel(first.broker_order_id)
    assert shown().state is OrderState.CANCELLED
