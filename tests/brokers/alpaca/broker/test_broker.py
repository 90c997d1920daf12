"""The account, its hours and assets, and what is sent for many at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.brokers.alpaca.broker.answers import make, with_body
from tests.brokers.alpaca.broker.conftest import Bend, MakeDesk
from tests.brokers.contract import order_of
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.wire.faults import Kind
from tradebot.core.model.orders import OrderState
from tradebot.errors import AlreadySent, Blocked, BrokerUnavailable, OrderRefused, OutcomeUnknown


def test_an_order_that_was_taken_in_is_told_as_it_was_answered(alpaca: MakeDesk) -> None:
    desk = alpaca()
    order = desk.broker.submit(make.buy(10, client_id="c"))
    assert (order.state, order.filled_quantity) == (OrderState.ACCEPTED, Decimal(0))
    assert order_of(desk.broker, "c").state is OrderState.FILLED


def test_keys_that_are_not_accepted_send_nothing(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.strike(Kind.UNAUTHORIZED, method="POST")
    with pytest.raises(Blocked, match="keys"):
        desk.broker.submit(make.buy(10))
    assert desk.broker.open_orders() == ()


@pytest.mark.parametrize("code", [40010001, 42210000])
def test_a_duplicate_is_known_by_its_words_whatever_its_code(alpaca: MakeDesk, code: int) -> None:
    desk = alpaca()
    refusal = Answer(422, {"code": code, "message": "client_order_id must be unique"})
    desk.fake.bend = lambda arrival, answer: refusal if arrival.method == "POST" else answer
    with pytest.raises(AlreadySent, match="client_order_id must be unique"):
        desk.broker.submit(make.buy(10))


@pytest.mark.parametrize("field", ["id", "symbol", "status", "client_order_id"])
def test_an_answer_to_an_order_that_cannot_be_read_leaves_its_outcome_unknown(alpaca: MakeDesk, field: str) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/orders", **{field: None})
    with pytest.raises(OutcomeUnknown, match="was sent"):
        desk.broker.submit(make.buy(10, client_id="c"))
    desk.fake.bend = None
    assert order_of(desk.broker, "c").state is OrderState.FILLED


def test_an_answer_about_another_order_leaves_the_outcome_unknown(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/orders", client_order_id="another")
    with pytest.raises(OutcomeUnknown, match="another order"):
        desk.broker.submit(make.buy(10, client_id="c"))


def test_nothing_is_replaced_of_an_order_that_cannot_be_read(alpaca: MakeDesk) -> None:
    desk = alpaca()
    order = desk.broker.submit(make.buy(10, limit="90"))
    desk.fake.strike(Kind.SERVER_ERROR, method="GET", times=10)
    with pytest.raises(BrokerUnavailable):
        desk.broker.replace(order.broker_order_id, make.buy(10, limit="91"))
    assert "PATCH" not in "".join(desk.asked)


def test_a_replacement_that_changes_nothing_is_refused_and_one_of_a_tick_is_not(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    old = desk.broker.submit(make.sell(10, stop="95"))
    with pytest.raises(OrderRefused, match="order parameters are not changed"):
        desk.broker.replace(old.broker_order_id, make.sell(10, stop="95"))
    new = desk.broker.replace(old.broker_order_id, make.sell(10, stop="95.01"))
    assert [order.broker_order_id for order in desk.broker.open_orders()] == [new.broker_order_id]


def test_all_orders_are_cancelled_in_one_request(alpaca: MakeDesk) -> None:
    desk = alpaca()
    for price in ("90", "91"):
        desk.broker.submit(make.buy(1, limit=price))
    desk.as_a_new_command()
    desk.broker.cancel_all()
    assert desk.asked == ["DELETE /v2/orders"]
    assert desk.broker.open_orders() == ()
    desk.broker.cancel_all()  # and nothing to cancel is nothing to complain of


@pytest.mark.parametrize("status", [422, 500])
def test_one_order_of_many_that_was_not_cancelled_is_told(alpaca: MakeDesk, status: int) -> None:
    desk = alpaca()
    for price in ("90", "91"):
        desk.broker.submit(make.buy(1, limit=price))
    desk.fake.bend = _last_with(status)
    with pytest.raises(OrderRefused, match=r"1 of 2 orders were not cancelled: [0-9a-f-]{36}"):
        desk.broker.cancel_all()


@pytest.mark.parametrize("body", [{}, [{"status": 200}], [{"id": "x"}], [7]])
def test_an_answer_for_many_that_cannot_be_read_leaves_their_outcome_unknown(alpaca: MakeDesk, body: object) -> None:
    desk = alpaca()
    desk.fake.bend = lambda arrival, answer: Answer(207, body)
    with pytest.raises(OutcomeUnknown, match="was sent"):
        desk.broker.cancel_all()


def _last_with(status: int) -> Bend:
    def bend(arrival: Arrival, answer: Answer) -> Answer:
        *others, last = answer.body
        return replace(answer, body=[*others, {**last, "status": status}])

    return bend


def test_nothing_heavy_is_imported() -> None:
    """An emergency stop imports this before its first request."""
    heavy = "{'pandas', 'numpy', 'alpaca.trading'} & sys.modules.keys()"
    code = f"import sys, tradebot.brokers.alpaca.broker; print(*sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
