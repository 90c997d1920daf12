"""The orders of the account, one or a list of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.robinhood.house import House, View
from tests.fakes.robinhood.messages import not_found
from tests.fakes.robinhood.notation import amount, cents, instant, is_true, moment, number, optional
from tests.fakes.robinhood.paging import page
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.core.model.account import Fill
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.orders import OrderState, OrderType, Side, TimeInForce
from tradebot.core.model.values import ZERO, to_cents

#: A guess: that an order that expires shows as cancelled.
_STATES = {
    OrderState.PARTIALLY_FILLED: "partially_filled",
    OrderState.FILLED: "filled",
    OrderState.CANCELLED: "cancelled",
    OrderState.EXPIRED: "cancelled",
    OrderState.REJECTED: "rejected",
}


def orders(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """A list, newest first. That ``created_at[gte]`` and ``updated_at[gte]`` are heeded is a guess."""
    query = arrival.query
    with house.looking(exchange) as view:
        found = [order for order in view.orders.values() if is_listed(house, view, order)]
        if "account_numbers" in query and view.names.account_number not in query["account_numbers"].split(","):
            found = []
        if "instrument" in query:
            symbol = view.symbol_of(query["instrument"])
            found = [order for order in found if order.symbol == symbol]
        if "is_closed" in query:
            found = [order for order in found if order.live != is_true(query["is_closed"])]
        if "created_at[gte]" in query:
            since = moment(query["created_at[gte]"], "created_at[gte]")
            found = [order for order in found if view.submitted_at(order) >= since]
        if "updated_at[gte]" in query:
            since = moment(query["updated_at[gte]"], "updated_at[gte]")
            found = [order for order in found if _updated_at(house, view, order) >= since]
        found.sort(key=view.submitted_at, reverse=True)
        return page(house, view.names, arrival, [row(house, view, order) for order in found])


def order(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """One order. A guess: that it is found at once by the id that the answer to its sender told."""
    with house.looking(exchange) as view:
        found = view.by_id(identifier)
        if found is None:
            raise not_found()
        return Answer(200, row(house, view, found))


def is_listed(house: House, view: View, order: PaperOrder) -> bool:
    """Whether a new order is in the lists already."""
    return view.paper.state.now >= order.submitted_at + timedelta(seconds=house.terms.list_lag)


def row(house: House, view: View, order: PaperOrder, state: str = "") -> dict[str, Any]:
    """An order as captured of the list, without its symbol; ``state`` is told in place of the one it has."""
    names, fills = view.names, view.happenings.fills.get(order.number, [])
    told = state or state_of(house, view, order)
    notional = sum((to_cents(fill.quantity * fill.price) for fill in fills), ZERO)
    fees = number(sum((fill.fee for fill in fills), ZERO))
    is_open = order.live and told != "pending_cancelled"
    identifier = names.order(order.number)
    return {
        "account": names.account(),
        "agent_display_name": None,
        "agent_id": None,
        "average_price": optional(order.average_fill_price if fills else None),
        "cancel": names.url(f"/orders/{identifier}/cancel/") if is_open and house.terms.cancel_links else None,
        "cat_fees": "0.00",
        "created_at": instant(view.submitted_at(order)),
        "cumulative_quantity": number(sum((fill.quantity for fill in fills), ZERO)),
        "derived_state": told,
        "dollar_based_amount": None,
        "drip_dividend_id": None,
        "executed_notional": amount(notional) if fills else None,
        "executions": [execution(house, view, fill) for fill in fills],
        "extended_hours": False,
        "fees": fees,
        "id": identifier,
        "instrument": names.instrument(order.symbol),
        "instrument_id": names.instrument_id(order.symbol),
        "investment_schedule_id": None,
        "is_editable": is_open,
        "is_ipo_access_order": False,
        "is_primary_account": True,
        "is_visible_to_user": True,
        "last_transaction_at": instant(_updated_at(house, view, order)),
        "last_update_version": len(fills) or -1,
        "market_hours": "regular_hours",
        "order_form_type": "share_based_market_buys",
        "order_form_version": 7,
        "override_day_trade_checks": False,
        "override_dtbp_checks": False,
        "pending_cancel_open_agent": None,
        "placed_agent": "user",
        "position": names.url(f"/positions/{names.account_number}/{names.instrument_id(order.symbol)}/"),
        "position_effect": "open" if order.side is Side.BUY else "close",
        "preset_percent_limit": None,
        "price": optional(order.limit_price),
        "quantity": number(order.quantity),
        "ref_id": _ref_id(house, view, order),
        "reject_reason": None,
        "replaces": None,
        "requested_notional_amount": None,
        "response_category": None,
        "root_advanced_order_id": None,
        "sec_fees": fees,
        "side": order.side.value,
        "state": told,
        "stop_price": optional(order.stop_price),
        "stop_triggered_at": instant(order.submitted_at) if order.triggered else None,
        "taf_fees": "0.00",
        "tax_lot_selection_type": "fifo" if order.side is Side.SELL else None,
        "time_in_force": "gtc" if order.time_in_force is TimeInForce.GTC else "gfd",
        "total_notional": None if order.limit_price is None else amount(order.limit_price * order.quantity),
        "trigger": "immediate" if order.stop_price is None else "stop",
        "type": "limit" if order.type in (OrderType.LIMIT, OrderType.STOP_LIMIT) else "market",
        "updated_at": instant(_updated_at(house, view, order)),
        "url": names.url(f"/orders/{identifier}/"),
        "user_cancel_request_state": _cancel_request(order, told),
        "user_uuid": names.user,
    }


def execution(house: House, view: View, fill: Fill) -> dict[str, Any]:
    """A fill as captured. A guess: that ``fees`` is the sum of the kinds of fees beside it."""
    day = new_york_date(fill.at)
    return {
        "cat_fee": "0.00",
        "fees": cents(fill.fee),
        "id": fill_id(view, fill),
        "ipo_access_execution_rank": None,
        "price": number(fill.price),
        "quantity": number(fill.quantity),
        "rounded_notional": cents(to_cents(fill.quantity * fill.price)),
        "sales_taxes": [],
        "sec_fee": cents(fill.fee),
        "settlement_date": house.calendar.following(day).session.isoformat(),
        "taf_fee": "0.00",
        "timestamp": instant(fill.at),
        "trade_execution_date": day.isoformat(),
    }


def _cancel_request(order: PaperOrder, told: str) -> str:
    """Whether somebody has asked for a cancel: both words of orders without one are captured, the third is a guess."""
    if not order.live:
        return "order_finalized"
    return "cancel_requested" if told == "pending_cancelled" else "no_cancel_requested"


def fill_id(view: View, fill: Fill) -> str:
    return view.names.activity(int(fill.fill_id.rpartition("-")[2]), "fill")


def state_of(house: House, view: View, order: PaperOrder) -> str:
    if order.state in _STATES and not order.live:
        cut = order.state in (OrderState.CANCELLED, OrderState.EXPIRED) and order.filled_quantity > 0
        return house.terms.rest_word if cut else _STATES[order.state]
    if order.number in house.pending:
        return "pending_cancelled"
    if house.taken.get(order.number, 0) > 0:
        return "unconfirmed"
    if order.filled_quantity > 0:
        return "partially_filled"
    hours, now = view.paper.hours, view.paper.state.now
    return "confirmed" if hours.opens <= now < hours.closes or _seen_open(view, order) else "queued"


def _seen_open(view: View, order: PaperOrder) -> bool:
    """Whether the market has been open since it came in, so that it has gone on to an exchange."""
    hours = view.paper.hours
    return order.submitted_at < hours.closes and view.paper.state.now >= hours.opens


def _ref_id(house: House, view: View, order: PaperOrder) -> str | None:
    """The id that the sender gave; an order that was placed in the app has one of the app's. A guess."""
    each = house.terms.null_refs
    if each and order.number % each == 0:
        return None
    return house.refs.get(order.number) or view.names.other(f"app's {order.client_order_id}")


def _updated_at(house: House, view: View, order: PaperOrder) -> datetime:
    times = [view.submitted_at(order), view.happenings.filled_at(order.number), house.ended_at.get(order.number)]
    if order.state is OrderState.EXPIRED:
        times.append(_day_ends(house, order))
    return max(each for each in times if each is not None)


def _day_ends(house: House, order: PaperOrder) -> datetime:
    day = new_york_date(order.submitted_at)
    today = house.calendar.hours(day)
    if today is not None and order.submitted_at < today.closes:
        return today.closes
    return house.calendar.following(day).closes
