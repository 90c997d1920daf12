"""Orders: asked for, listed, taken in, changed, cancelled; and positions closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca.account import held_in
from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Answer, Arrival, Refusal
from tests.fakes.alpaca.notation import MALFORMED, UNPROCESSABLE, decimal, moment
from tests.fakes.alpaca.standing import Standing
from tradebot.brokers.paper import PaperBroker, PaperExchange, accounting
from tradebot.brokers.paper.orders import PaperOrder, number_of
from tradebot.core.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.values import ZERO, whole
from tradebot.errors import OrderRefused

_MAX_LIST = 500
#: The status that goes with the first digits of a code.
_STATUS_OF = {"400": 422, "403": 403, "404": 404, "422": 422}


# --- asking ------------------------------------------------------------------------------------


def order(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    with house.looking(exchange) as view:
        found = _known(view.orders, identifier)
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
        return Answer(200, [standing.json(each, nested=nested) for each in found[:limit]])


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
        behind = _known(standing, query["after_order_id"])
        bounds.append(lambda place: place > (standing.submitted_at(behind), behind.number))
    if "before_order_id" in query:
        ahead = _known(standing, query["before_order_id"])
        bounds.append(lambda place: place < (standing.submitted_at(ahead), ahead.number))
    return bounds


def _known(standing: Standing, identifier: str) -> PaperOrder:
    found = standing.by_id(identifier)
    if found is None:
        raise Refusal(404, 40410000, f"order not found for {identifier}")
    return found


# --- sending -----------------------------------------------------------------------------------


def submit(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    _refuse_suspended(house)
    request = request_of(arrival.body)
    if not request.client_order_id:
        request = replace(request, client_order_id=_made_up(house, exchange))
    return Answer(200, _sent(house, exchange, request))


def _made_up(house: House, exchange: PaperExchange) -> str:
    """A client_order_id for an order that was sent without one."""
    with house.looking(exchange) as view:
        return view.names.made_up(view.orders.newest)


def change(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """Replace an order: what the request does not say stays as it was, the quantity as it was ordered."""
    with house.looking(exchange) as view:
        old = _known(view.orders, identifier)
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
        stop_price=None if old.type is OrderType.TRAILING_STOP else shown.stop_price,
        trail_price=shown.trail_price,
        trail_pct=shown.trail_pct,
    )
    changed = _with_changes(request, body)
    if changed == request:  # another id alone changes nothing
        raise Refusal(UNPROCESSABLE, 42210000, "order parameters are not changed")
    with _refusals():
        new = PaperBroker(exchange).replace(old.broker_order_id, changed)
    return Answer(200, _taken_in(house, exchange, new.broker_order_id))


def _with_changes(request: OrderRequest, body: dict[str, Any]) -> OrderRequest:
    changes: dict[str, Any] = {}
    for name, to in (("qty", "quantity"), ("limit_price", "limit_price"), ("stop_price", "stop_price")):
        if body.get(name) is not None:
            changes[to] = decimal(body[name], name)
    if body.get("time_in_force") is not None:
        changes["time_in_force"] = _one_of(TimeInForce, body, "time_in_force")
    if body.get("trail") is not None:
        trail = decimal(body["trail"], "trail")
        changes |= {"trail_price": trail} if request.trail_price is not None else {"trail_pct": trail / 100}
    return replace(request, **changes)


def request_of(body: dict[str, Any]) -> OrderRequest:
    """The order that the JSON asks for, without an id where it gives none. Refusal where it makes no sense."""
    for name in ("symbol", "side", "type", "time_in_force"):
        if not body.get(name):
            raise _malformed(f"{name} is required")
    if (body.get("qty") is None) == (body.get("notional") is None):
        raise _malformed("qty or notional is required" if body.get("qty") is None else "only one of qty or notional")
    if body.get("extended_hours"):
        raise _malformed("extended hours order must be DAY limit orders")
    identifier = body.get("client_order_id")
    if identifier is not None and len(identifier) > 128:
        raise _malformed("client_order_id must be no more than 128 characters")
    trail_pct = _price(body, "trail_percent")
    request = OrderRequest(
        client_order_id=identifier or "",
        symbol=body["symbol"],
        side=_one_of(Side, body, "side"),
        quantity=decimal(body["qty"], "qty") if body.get("qty") is not None else ZERO,
        type=_one_of(OrderType, body, "type"),
        time_in_force=_one_of(TimeInForce, body, "time_in_force"),
        limit_price=_price(body, "limit_price"),
        stop_price=_price(body, "stop_price"),
        take_profit=_leg(body, "take_profit", "limit_price"),
        stop_loss=_leg(body, "stop_loss", "stop_price"),
        exit_pair=body.get("order_class") == OrderClass.OCO,
        notional=_price(body, "notional"),
        trail_price=_price(body, "trail_price"),
        trail_pct=None if trail_pct is None else trail_pct / 100,
    )
    return _of_class(request, body.get("order_class") or "simple")


def _of_class(request: OrderRequest, asked: str) -> OrderRequest:
    """The request, once it has what its class needs; the limit price of an OCO is that of its take_profit."""
    legs = {"take_profit": request.take_profit, "stop_loss": request.stop_loss}
    given = [name for name, price in legs.items() if price is not None]
    if asked == "simple" and given:
        raise _malformed(f"simple orders must not have {given[0]}")
    for name, price in (("take_profit.limit_price", request.take_profit), ("stop_loss.stop_price", request.stop_loss)):
        if asked in ("bracket", "oco") and price is None:
            raise _malformed(f"{asked} orders require {name}")
    if asked == "oto" and len(given) != 1:
        raise _malformed("oto orders require exactly one of take_profit, stop_loss")
    if asked not in ("simple", "bracket", "oto", "oco"):
        raise _malformed(f"invalid order_class: {asked}")
    if asked == "oco":
        if request.type is not OrderType.LIMIT:
            raise _malformed("oco orders must be limit orders")
        return replace(request, limit_price=request.take_profit, take_profit=None)
    return request


def _one_of(words: Callable[[Any], Any], body: dict[str, Any], name: str) -> Any:
    try:
        return words(body[name])
    except ValueError:
        raise _malformed(f"invalid {name}: {body[name]}") from None


def _price(body: dict[str, Any], name: str) -> Decimal | None:
    return None if body.get(name) is None else decimal(body[name], name)


def _leg(body: dict[str, Any], leg: str, name: str) -> Decimal | None:
    said = body.get(leg) or {}
    return None if said.get(name) is None else decimal(said[name], f"{leg}.{name}")


def _malformed(message: str) -> Refusal:
    return Refusal(UNPROCESSABLE, MALFORMED, message)


def _refuse_suspended(house: House) -> None:
    if house.terms.configuration["suspend_trade"]:
        raise Refusal(403, 40310000, "new orders are rejected by user request")


def _sent(house: House, exchange: PaperExchange, request: OrderRequest) -> dict[str, Any]:
    with _refusals():
        taken = house.terms.submit(exchange, request)
    return _taken_in(house, exchange, taken.broker_order_id)


def _taken_in(house: House, exchange: PaperExchange, broker_order_id: str) -> dict[str, Any]:
    with house.looking(exchange) as view:
        return view.orders.as_taken_in(view.orders.all[number_of(broker_order_id, "O") or 0])


# --- cancelling and closing ----------------------------------------------------------------------


def cancel(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """What it is answered with means only that the cancel is asked for."""
    with house.looking(exchange) as view:
        found = _known(view.orders, identifier)
    if found.live and house.terms.slow_cancels:
        house.pending.setdefault(found.number, house.terms.slow_cancels)
    else:
        _cancel(house, exchange, found)
    return Answer(204)


def cancel_all(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Every live order has an item, its legs too."""
    with house.looking(exchange) as view:
        live = {view.names.order(each.number): each for each in view.orders.all.values() if each.live}
        now = view.floor.state.now
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


def close(house: House, exchange: PaperExchange, arrival: Arrival, symbol: str) -> Answer:
    """Sell what is held of a symbol, or buy back what is short: all, so many shares, or so many per cent."""
    _refuse_suspended(house)
    with house.looking(exchange) as view:
        held = held_in(view, symbol)
    quantity = abs(held.quantity)
    if "qty" in arrival.query:
        quantity = decimal(arrival.query["qty"], "qty")
    elif "percentage" in arrival.query:
        quantity = whole(quantity * decimal(arrival.query["percentage"], "percentage") / 100)
    side = Side.SELL if held.quantity > 0 else Side.BUY
    made_up = _made_up(house, exchange)
    request = OrderRequest(made_up, held.symbol, side, quantity, OrderType.MARKET, TimeInForce.DAY)
    return Answer(200, _sent(house, exchange, request))


def close_all(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    if arrival.query.get("cancel_orders") == "true":
        cancel_all(house, exchange, arrival)
    with exchange.reading() as floor:
        symbols = [held.symbol for held in accounting.positions(floor)]
    closed = []
    for symbol in symbols:
        if house.fails_one and symbol == symbols[0]:
            failed = {"code": 50010000, "message": "failed to liquidate"}
            closed.append({"symbol": symbol, "status": 500, "body": failed})
            continue
        try:
            answer = close(house, exchange, replace(arrival, query={}), symbol)
        except Refusal as refused:
            answer = refused.answer
        closed.append({"symbol": symbol, "status": answer.status, "body": answer.body})
    return Answer(207, closed)


def _cancel(house: House, exchange: PaperExchange, order: PaperOrder) -> None:
    _note_cancel(house, exchange, order)
    with _refusals():
        PaperBroker(exchange).cancel(order.broker_order_id)


def _note_cancel(house: House, exchange: PaperExchange, order: PaperOrder) -> None:
    """Remember when an order, and what hangs together with it, is cancelled."""
    with house.looking(exchange) as view:
        now = view.floor.state.now
        for each in view.floor.book.group(order):
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
