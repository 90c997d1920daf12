"""The orders of the account, one or a list of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.fakes.alpaca.house import House, View
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import MALFORMED, UNPROCESSABLE, moment
from tests.fakes.alpaca.standing import Standing
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.brokers.paper.orders import PaperOrder

_MAX_LIST = 500


def order(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    with house.looking(exchange) as view:
        found = known(view.orders, identifier)
        if not _is_shown(house, view, found):
            raise Refusal(404, 40410000, f"order not found for {identifier}")
        return Answer(200, view.orders.json(found, nested=arrival.query.get("nested") == "true"))


def by_client_order_id(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    identifier = arrival.query.get("client_order_id", "")
    with house.looking(exchange) as view:
        found = view.orders.by_client_id(identifier)
        if found is None:
            raise Refusal(404, 40410000, f"order not found for {identifier}")
        return Answer(200, view.orders.json(found))


def orders(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """A list, newest first unless asked otherwise.

    Nested, legs are told with their entries only, and an entry that does not have the status asked for hides its legs.
    """
    query = arrival.query
    nested = query.get("nested") == "true"
    with house.looking(exchange) as view:
        standing = view.orders
        found = [each for each in standing.all.values() if _has_status(each, query.get("status", "open"))]
        found = [each for each in found if _is_shown(house, view, each)]
        if nested:
            found = [each for each in found if each.parent is None]
        elif house.terms.hides_held:
            found = [each for each in found if not standing.held_beside_a_target(each)]
        if "symbols" in query:
            symbols = frozenset(query["symbols"].split(","))
            found = [each for each in found if each.symbol in symbols]
        if "side" in query:
            found = [each for each in found if each.side.value == query["side"]]
        for within in _bounds(standing, arrival):
            found = [each for each in found if within((standing.submitted_at(each), each.number))]
        found.sort(key=lambda each: (standing.submitted_at(each), each.number))
        if query.get("direction", "desc") == "desc":
            found.reverse()
        limit = int(query.get("limit", "50"))
        if not 1 <= limit <= _MAX_LIST:
            raise Refusal(UNPROCESSABLE, MALFORMED, f"limit must be between 1 and {_MAX_LIST}")
        told = [standing.json(each, nested=nested) for each in found[:limit]]
        return Answer(200, [_with_shown_legs(house, view, each) for each in told])


def _is_shown(house: House, view: View, order: PaperOrder) -> bool:
    """Whether an order can be found otherwise than by its client_order_id."""
    return house.terms.telling.shows(view.happenings.filled_at.get(order.number), view.paper.state.now)


def _with_shown_legs(house: House, view: View, told: dict[str, Any]) -> dict[str, Any]:
    legs = [leg for leg in told["legs"] or () if _is_shown(house, view, known(view.orders, leg["id"]))]
    return {**told, "legs": legs or None}


def _has_status(order: PaperOrder, status: str) -> bool:
    if status not in ("open", "closed", "all"):
        raise Refusal(UNPROCESSABLE, MALFORMED, "status must be one of open, closed, all")
    return status == "all" or order.live == (status == "open")


def _bounds(standing: Standing, arrival: Arrival) -> list[Callable[[tuple[datetime, int]], bool]]:
    """The limits of a page, by time or by the id of an order; none is in the page itself."""
    query = arrival.query
    bounds: list[Callable[[tuple[datetime, int]], bool]] = []
    if "after" in query:
        after = moment(query["after"], "after")
        bounds.append(lambda place: place[0] > after)
    if "until" in query:
        until = moment(query["until"], "until")
        bounds.append(lambda place: place[0] < until)
    if "after_order_id" in query:
        behind = known(standing, query["after_order_id"])
        bounds.append(lambda place: place > (standing.submitted_at(behind), behind.number))
    if "before_order_id" in query:
        ahead = known(standing, query["before_order_id"])
        bounds.append(lambda place: place < (standing.submitted_at(ahead), ahead.number))
    return bounds


def known(standing: Standing, identifier: str) -> PaperOrder:
    found = standing.by_id(identifier)
    if found is None:
        raise Refusal(404, 40410000, f"order not found for {identifier}")
    return found
