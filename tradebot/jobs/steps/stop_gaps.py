"""Looks for the gaps in the protection, with what the ledger and the broker know of the entries behind held stops."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tradebot.core.model.account import Position, Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, OrderState
from tradebot.core.results.resting_lines import RestingLine, resting_lines
from tradebot.core.safety.identity import find_strangers, unfollowed_gaps
from tradebot.core.safety.stop_coverage import Gap, find_gaps
from tradebot.core.safety.stop_losses import StopLoss, stop_losses
from tradebot.jobs.desk import Desk


@dataclass(frozen=True, slots=True)
class StopLook:
    """The stops of an account at one moment."""

    gaps: tuple[Gap, ...]
    losses: tuple[StopLoss, ...]  # if every stop fills at its price
    resting: tuple[RestingLine, ...]  # the stops and targets of the holdings


def look_for_gaps(
    desk: Desk,
    holdings: Iterable[Holding],
    positions: Iterable[Position],
    open_orders: Collection[BrokerOrder],
    quotes: Mapping[str, Quote],
    ended_by: datetime | None = None,
) -> tuple[Gap, ...]:
    """The holdings that are not protected as they should be; see ``find_gaps``. Raises BrokerUnavailable."""
    return look_at_stops(desk, holdings, positions, open_orders, quotes, ended_by).gaps


def look_at_stops(
    desk: Desk,
    holdings: Iterable[Holding],
    positions: Iterable[Position],
    open_orders: Collection[BrokerOrder],
    quotes: Mapping[str, Quote],
    ended_by: datetime | None = None,
) -> StopLook:
    """The gaps in the protection, what the stops would lose, and what rests. Raises BrokerUnavailable."""
    holdings, positions, lots = tuple(holdings), tuple(positions), desk.ledger.books.lots()
    strangers = find_strangers(positions, lots, desk.ledger.books.asset_ids())
    own = tuple(position for position in positions if position not in strangers)
    filled = filled_entries(desk, open_orders)
    age = desk.broker.capabilities.gtc_age
    gaps = find_gaps(holdings, own, open_orders, quotes, ended_by, filled_entries=filled, gtc_age=age)
    losses = stop_losses(holdings, positions, own, open_orders, quotes, filled_entries=filled)
    resting = resting_lines(holdings, open_orders, filled_entries=filled)
    return StopLook((*gaps, *unfollowed_gaps(holdings, own, lots, open_orders)), losses, resting)


def filled_entries(desk: Desk, open_orders: Iterable[BrokerOrder]) -> frozenset[str]:
    """The broker ids of the entries behind held legs that have filled whole, by the ledger or by the broker.

    The broker is asked, in one request, only for entries that are not live and that the ledger does not know as filled.
    """
    orders = [order for order in open_orders if order.state.live]
    live = {order.broker_order_id for order in orders}
    entries = {order.parent_client_order_id: order.parent_id for order in orders if order.held}
    filled: set[str] = set()
    asked: dict[str, str] = {}
    for client_order_id, broker_order_id in entries.items():
        if client_order_id is None or broker_order_id is None or broker_order_id in live:
            continue
        intent = desk.ledger.orders.get(client_order_id)
        if intent is not None and intent.state is OrderState.FILLED:
            filled.add(broker_order_id)
        else:
            asked[client_order_id] = broker_order_id
    shown = desk.broker.orders(asked) if asked else {}
    return frozenset(filled | {asked[each] for each, order in shown.items() if order.state is OrderState.FILLED})
