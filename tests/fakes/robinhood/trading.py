"""Orders taken in and cancelled."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.robinhood.house import House, Repeated, View
from tests.fakes.robinhood.messages import Refusal, not_found
from tests.fakes.robinhood.notation import number
from tests.fakes.robinhood.orders import row
from tests.fakes.robinhood.wanted import request_of
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.brokers.paper.orders import PaperOrder, parse_number
from tradebot.core.model.orders import OrderRequest, OrderState, OrderType, Side
from tradebot.core.model.values import ZERO
from tradebot.errors import OrderRefused

#: Captured of the sibling service for agents.
NOT_UNIQUE = "Reference ID must be unique"
NOT_CANCELLABLE = "Order cannot be cancelled at this time"


def submit(house: House, exchange: PaperExchange, arrival: Arrival, *, makes_none: bool = False) -> Answer:
    """Take an order in. The answer, 201 with the order unconfirmed, was never captured (its state: tried by pyhood).

    With ``makes_none`` its ref_id is used up and there is no order: what a server that fails in between would leave.
    """
    body = arrival.body or {}
    with house.looking(exchange) as view:
        request = request_of(view, body)
        ref_id = str(body["ref_id"])
        if ref_id in house.used and house.terms.repeated is not Repeated.SECOND:
            return _repeated(house, view, ref_id)
        identifier = house.terms.client_id(body)
        request = replace(request, client_order_id=_unused(view, identifier))
        _refuse_what_is_not_there(view, request)
        is_far = _is_far(house, view, request)
    if makes_none:
        house.used[ref_id] = None
        return Answer(500, {"detail": "Internal server error"})
    made = _sent(house, exchange, request)
    house.refs[made] = ref_id
    house.used.setdefault(ref_id, made)
    house.taken[made] = house.terms.unconfirmed_reads
    if is_far:
        house.doomed.add(made)
    with house.looking(exchange) as view:
        return Answer(201, _as_taken_in(house, view, view.orders[made]))


def _as_taken_in(house: House, view: View, order: PaperOrder) -> dict[str, object]:
    """The order as the answer to its sender shows it: what it has met since then is told by the next question."""
    told = row(house, view, order, "unconfirmed")
    nothing: dict[str, object] = {"average_price": None, "executed_notional": None, "executions": []}
    nothing["cumulative_quantity"] = number(ZERO)
    return {**told, **nothing, "cancel": view.names.url(f"/orders/{told['id']}/cancel/")}


def _repeated(house: House, view: View, ref_id: str) -> Answer:
    first = house.used[ref_id]
    if house.terms.repeated is Repeated.RETURNED and first is not None:
        return Answer(201, row(house, view, view.orders[first]))
    if house.terms.repeated is Repeated.EXISTS:
        raise Refusal(400, {"ref_id": ["order with this ref id already exists."]})
    raise Refusal(409, NOT_UNIQUE)


def _unused(view: View, identifier: str) -> str:
    """The id for the exchange, which takes none twice."""
    taken, count = identifier, 1
    while view.paper.store.order_by_client_id(taken) is not None:
        count += 1
        taken = f"{identifier}#{count}"
    return taken


def _refuse_what_is_not_there(view: View, request: OrderRequest) -> None:
    """Refusal of more shares or more money than there is. Its words are captured of issues, in part."""
    if request.side is Side.SELL:
        available = view.paper.book.available_to_close(request.symbol, Side.SELL)
        if request.quantity > available:
            raise Refusal(400, "Not enough shares to sell.")


def _is_far(house: House, view: View, request: OrderRequest) -> bool:
    """Whether a limit is so far from the price that the order is taken and then rejected (captured at 1 for 310)."""
    last, limit, far = view.paper.last_price(request.symbol), request.limit_price, house.terms.far_limit
    if last is None or limit is None or far is None or request.type is not OrderType.LIMIT:
        return False
    off = (last - limit) / last if request.side is Side.BUY else (limit - last) / last
    return off > far


def _sent(house: House, exchange: PaperExchange, request: OrderRequest) -> int:
    try:
        taken = house.terms.submit(exchange, request)
    except OrderRefused as refused:
        words = str(refused)
        if "buying power" in words:
            raise Refusal(400, "Not enough buying power.") from refused
        raise Refusal(400, {"non_field_errors": [words[:1].upper() + words[1:]]}) from refused
    return parse_number(taken.broker_order_id, "O") or 0


# --- what happens between two requests ---------------------------------------------------------------


def cancel(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """Ask for a cancel: ``{}``. One that is over, or to be cancelled already, is refused with 403 (captured)."""
    with house.looking(exchange) as view:
        found = view.by_id(identifier)
        if found is None:
            raise not_found()
    if not found.live or found.number in house.pending:
        raise Refusal(403, NOT_CANCELLABLE)
    if house.terms.slow_cancels:
        house.pending[found.number] = house.terms.slow_cancels
    else:
        _end(house, exchange, found.number, OrderState.CANCELLED)
    return Answer(200, {})


def settle(house: House, exchange: PaperExchange) -> None:
    """Another request has come in: bring about what was taken in or asked for before, unless it is over by itself."""
    house.taken = {each: left - 1 for each, left in house.taken.items() if left}
    doomed, house.doomed = house.doomed, set()
    for each in doomed:
        _end(house, exchange, each, OrderState.REJECTED)
    due = [each for each, left in house.pending.items() if left == 0]
    house.pending = {each: left - 1 for each, left in house.pending.items() if left}
    for each in due:
        _end(house, exchange, each, OrderState.CANCELLED)


def _end(house: House, exchange: PaperExchange, identifier: int, state: OrderState) -> None:
    with exchange.writing() as paper:
        order = paper.book.orders.get(identifier)
        if order is not None and order.live:
            house.ended_at[identifier] = paper.state.now
            paper.book.end(order, state, "")
