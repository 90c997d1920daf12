"""Whose legs they are: entries with their stops and targets, through replacements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.brokers.alpaca.broker.brackets import STOP, TARGET, bracketed, make
from tests.brokers.alpaca.broker.conftest import MakeDesk, order_json
from tests.brokers.contract import leg_of, order_of
from tests.fakes.alpaca import Answer, Arrival
from tradebot.core.model.orders import Purpose

GROUPS = pytest.mark.parametrize("groups", [False, True], ids=["without groups", "with groups"])


@GROUPS
def test_whose_legs_they_are_costs_a_second_request_once(alpaca: MakeDesk, groups: bool) -> None:
    desk = alpaca(groups=groups)
    bracketed(desk)
    desk.as_a_new_command()
    for _ in range(3):
        legs = desk.broker.open_orders()
        assert {(leg.role, leg.parent_client_order_id) for leg in legs} == {(STOP, "entry"), (TARGET, "entry")}
    assert desk.asked == ["GET /v2/orders"] * 4


def test_who_sent_a_bracket_knows_its_legs_without_asking(alpaca: MakeDesk) -> None:
    desk = alpaca()
    bracketed(desk)
    assert {leg.parent_client_order_id for leg in desk.broker.open_orders()} == {"entry"}
    assert desk.asked == ["POST /v2/orders", "GET /v2/orders"]


@GROUPS
def test_a_stop_that_was_raised_many_times_is_still_its_entry_s(alpaca: MakeDesk, groups: bool) -> None:
    desk = alpaca(groups=groups)
    bracketed(desk)
    stop = leg_of(order_of(desk.broker, "entry"), STOP)
    for price in ("96", "97", "98"):
        stop = desk.broker.replace(stop.broker_order_id, make.sell(10, stop=price, client_id=f"at {price}"))
    desk.as_a_new_command()
    raised = next(order for order in desk.broker.open_orders() if order.role is STOP)
    assert (raised.client_order_id, raised.parent_client_order_id) == ("at 98", "entry")
    desk.as_a_new_command()
    alone = order_of(desk.broker, "at 98")
    assert (alone.role, alone.parent_client_order_id) == (STOP, "entry")
    desk.as_a_new_command()
    assert {leg.client_order_id for leg in order_of(desk.broker, "entry").legs if leg.role is STOP} == {"at 98"}


def test_a_raised_stop_is_found_by_what_it_replaces_where_no_listing_tells_of_it(alpaca: MakeDesk) -> None:
    """An entry whose ``legs`` show the first stop for ever, and none that took its place."""
    desk = alpaca()
    bracketed(desk)
    stop = leg_of(order_of(desk.broker, "entry"), STOP)
    for price in ("96", "97"):
        stop = desk.broker.replace(stop.broker_order_id, make.sell(10, stop=price, client_id=f"at {price}"))

    def only_first_legs(arrival: Arrival, answer: Answer) -> Answer:
        if not isinstance(answer.body, list):
            return answer
        return replace(answer, body=[_without(order, lambda leg: leg["replaces"]) for order in answer.body])

    desk.as_a_new_command()
    desk.fake.bend = only_first_legs
    raised = next(order for order in desk.broker.open_orders() if order.role is STOP)
    assert (raised.client_order_id, raised.parent_client_order_id) == ("at 97", "entry")
    desk.as_a_new_command()
    assert {leg.client_order_id for leg in order_of(desk.broker, "entry").legs if leg.role is STOP} == {"at 97"}


def test_a_held_stop_that_is_not_among_the_open_orders_is_found_in_its_family(alpaca: MakeDesk) -> None:
    desk = alpaca()
    bracketed(desk)

    def hide_held(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.query.get("status") != "open":
            return answer
        return replace(answer, body=[order for order in answer.body if order["status"] != "held"])

    desk.fake.bend = hide_held
    for _ in range(2):
        desk.as_a_new_command()
        assert {order.role for order in desk.broker.open_orders()} == {STOP, TARGET}
    assert {order.role for order in desk.broker.open_orders()} == {STOP, TARGET}


def test_an_order_of_a_group_of_which_nothing_is_known_stands_alone_and_is_asked_about_again(alpaca: MakeDesk) -> None:
    desk = alpaca()

    def a_stray(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.query.get("nested") == "true":
            return replace(answer, body=[])
        return replace(answer, body=[order_json(order_class="bracket", side="sell", client_order_id="stray")])

    desk.fake.bend = a_stray
    for _ in range(2):
        (order,) = desk.broker.open_orders()
        assert (order.client_order_id, order.parent_id, order.role) == ("stray", None, Purpose.ENTRY)
    assert desk.asked == ["GET /v2/orders"] * 4


@GROUPS
def test_of_two_brackets_of_a_symbol_each_leg_names_its_own_entry(alpaca: MakeDesk, groups: bool) -> None:
    desk = alpaca(groups=groups)
    bracketed(desk, "first", limit="99")
    bracketed(desk, "second", limit="98")
    desk.as_a_new_command()
    told = [(order.client_order_id, order.parent_client_order_id) for order in desk.broker.open_orders()]
    assert sorted(parent for _, parent in told if parent) == ["first", "first", "second", "second"]
    assert {identifier for identifier, parent in told if parent is None} == {"first", "second"}


def _without(order: dict[str, Any], unwanted: Any) -> dict[str, Any]:
    legs = order["legs"]
    return order if legs is None else {**order, "legs": [leg for leg in legs if not unwanted(leg)]}
