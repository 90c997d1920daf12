"""Orders taken in, changed and cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import UNPROCESSABLE
from tests.fakes.alpaca.order_rules import FORBIDDEN, broken_rule
from tests.fakes.alpaca.orders import known
from tests.fakes.alpaca.wanted import request_of, with_changes
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.brokers.paper.orders import PaperOrder, parse_number
from tradebot.core.model.orders import OrderRequest
from tradebot.errors import OrderRefused

#: The status that goes with the first digits of a code.
_STATUS_OF = {"400": 422, "403": 403, "404": 404, "422": 422}


def submit(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    _refuse_suspended(house)
    request = request_of(arrival.body)
    if not request.client_order_id:
        request = replace(request, client_order_id=_made_up(house, exchange))
    _refuse_by_the_rules(house, exchange, request, arrival.body)
    return Answer(200, _sent(house, exchange, request))


def _refuse_by_the_rules(house: House, exchange: PaperExchange, request: OrderRequest, body: dict[str, Any]) -> None:
    """Refusal of a price or a size that breaks Alpaca's rules; an id that is taken is refused as such, elsewhere."""
    with house.looking(exchange) as view:
        asset, base = view.paper.asset(request.symbol), view.paper.last_price(request.symbol)
        is_taken = view.paper.store.order_by_client_id(request.client_order_id) is not None
    if asset is None or is_taken:
        return
    fractionable = house.terms.assets.get(request.symbol, {}).get("fractionable", asset.fractionable)
    try:
        words = broken_rule(body, base, fractionable=fractionable)
    except (ArithmeticError, ValueError):
        return  # infinite, or no number: the exchange refuses it
    if words:
        raise Refusal(403, 40310000, words) if words in FORBIDDEN else Refusal(UNPROCESSABLE, 42210000, words)


def _made_up(house: House, exchange: PaperExchange) -> str:
    """A client_order_id for an order that was sent without one."""
    with house.looking(exchange) as view:
        return view.names.made_up(view.orders.newest)


def change(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """Replace an order: what the request does not say stays as it was, the quantity as it was ordered."""
    with house.looking(exchange) as view:
        old = known(view.orders, identifier)
        shown = view.orders.shown(old.number)
    body = arrival.body
    request = OrderRequest(
        client_order_id=body.get("client_order_id") or _made_up(house, exchange),
        symbol=old.symbol,
        side=old.side,
        quantity=old.quantity,
        type=old.type,
        time_in_force=old.time_in_force,
        limit_price=shown.limit_price,
        stop_price=shown.stop_price,
    )
    changed = with_changes(request, body)
    if changed == request:  # another id alone changes nothing
        raise Refusal(UNPROCESSABLE, 42210000, "order parameters are not changed")
    with _refusals():
        new = PaperBroker(exchange).replace(old.broker_order_id, changed)
    return Answer(200, _taken_in(house, exchange, new.broker_order_id))


def _refuse_suspended(house: House) -> None:
    if house.terms.configuration["suspend_trade"]:
        raise Refusal(403, 40310000, "new orders are rejected by user request")


def _sent(house: House, exchange: PaperExchange, request: OrderRequest) -> dict[str, Any]:
    with _refusals():
        taken = house.terms.submit(exchange, request)
    return _taken_in(house, exchange, taken.broker_order_id)


def _taken_in(house: House, exchange: PaperExchange, broker_order_id: str) -> dict[str, Any]:
    with house.looking(exchange) as view:
        return view.orders.as_taken_in(view.orders.all[parse_number(broker_order_id, "O") or 0])


# --- cancelling ----------------------------------------------------------------------


def cancel(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """What it is answered with means only that the cancel is asked for."""
    with house.looking(exchange) as view:
        found = known(view.orders, identifier)
    if found.live and house.terms.slow_cancels:
        house.pending.setdefault(found.number, house.terms.slow_cancels)
    else:
        _cancel(house, exchange, found)
    return Answer(204)


def cancel_all(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Every live order has an item, its legs too."""
    with house.looking(exchange) as view:
        live = {view.names.order(each.number): each for each in view.orders.all.values() if each.live}
        now = view.paper.state.now
    spared = next(iter(live.values())).group if live and house.fails_one else None
    if spared is None and not house.terms.slow_cancels:
        house.cancelled_at |= {each.number: now for each in live.values()}
        PaperBroker(exchange).cancel_all()
    for each in live.values():
        if house.terms.slow_cancels:
            house.pending.setdefault(each.number, house.terms.slow_cancels)
        elif spared is not None and each.group != spared:
            with suppress(Refusal):  # it went with another one of its bracket
                _cancel(house, exchange, each)
    statuses = {identifier: 500 if each.group == spared else 200 for identifier, each in live.items()}
    return Answer(207, [{"id": identifier, "status": status} for identifier, status in statuses.items()])


def bring_about_cancels(house: House, exchange: PaperExchange) -> None:
    """Another request has come in: what has been pending long enough is cancelled now, unless it is over by itself."""
    if not house.pending:
        return
    due = [number for number, left in house.pending.items() if left == 0]
    house.pending = {number: left - 1 for number, left in house.pending.items() if left}
    with house.looking(exchange) as view:
        orders = [view.orders.all[number] for number in due]
    for order in orders:
        with suppress(Refusal):
            _cancel(house, exchange, order)


def _cancel(house: House, exchange: PaperExchange, order: PaperOrder) -> None:
    _note_cancel(house, exchange, order)
    with _refusals():
        PaperBroker(exchange).cancel(order.broker_order_id)


def _note_cancel(house: House, exchange: PaperExchange, order: PaperOrder) -> None:
    """Remember when an order, and what hangs together with it, is cancelled."""
    with house.looking(exchange) as view:
        now = view.paper.state.now
        for each in view.paper.book.live_group(order):
            house.cancelled_at[each.number] = now


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns what the exchange refuses into Alpaca's answer."""
    try:
        yield
    except OrderRefused as refused:
        code = refused.reason.partition(" ")[0]
        raise Refusal(_STATUS_OF[code[:3]], int(code), _worded(str(refused))) from refused


def _worded(message: str) -> str:
    """The exchange's words in Alpaca's, where a caller may look for those."""
    if message.startswith("client_order_id must be unique"):
        return "client_order_id must be unique"
    return message.replace('"cancelled"', '"canceled"')
