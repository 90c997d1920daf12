"""orders: what was sent and what rests, newest first, as the broker shows it, or as the ledger knew it last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.results.listings import ListedOrder, Listing, Selection, nothing_found
from tradebot.jobs.desk import Desk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.ledger.database import AccountLedger


def run(desk: Desk, chosen: Selection) -> Listing[ListedOrder]:
    """The orders that match. The broker tells which are open, the ledger what became of the others.

    Raises BrokerUnavailable.
    """
    return listing(desk.ledger, chosen, open_lines(desk, desk.broker.open_orders()))


def recall(desk: LedgerDesk, chosen: Selection) -> Listing[ListedOrder]:
    """The orders that match, as they were known last: in the newest look of a job at the account."""
    stored = desk.ledger.listings
    known_at, ids = stored.last_open_orders() or (desk.now, frozenset())
    return listing(desk.ledger, chosen, stored.orders_with(ids)).as_of(known_at)


def open_lines(desk: Desk, orders: Iterable[BrokerOrder]) -> tuple[ListedOrder, ...]:
    """The lines of the broker's open orders."""
    return tuple(_line(desk, order) for order in orders)


def listing(ledger: AccountLedger, chosen: Selection, live: Sequence[ListedOrder]) -> Listing[ListedOrder]:
    """The open orders that match, and those of the ledger that are not among them."""
    stored = ledger.listings
    ids = {order.broker_order_id for order in live}
    most = None if chosen.limit is None else chosen.limit + len(live) + 1
    past = [*stored.sent_orders(chosen, most)]
    if not chosen.only_open:
        past += stored.other_orders(chosen, most, past[-1].at if len(past) == most else None)
    matching = (each for each in live if chosen.includes(each.symbol, each.strategy, new_york_date(each.at)))
    rows = [*matching, *(each for each in past if each.broker_order_id not in ids)]
    rows.sort(key=lambda each: each.at, reverse=True)
    shown = tuple(rows[: chosen.limit])
    notes = () if rows else (nothing_found("order", chosen, *stored.names(chosen)),)
    return Listing(chosen, shown, more=len(rows) > len(shown), notes=notes)


def _line(desk: Desk, order: BrokerOrder) -> ListedOrder:
    intent = desk.ledger.orders.get(order.client_order_id)
    decision = desk.ownership.decision_of(order)
    owner = desk.ledger.orders.owner_of(order.client_order_id, order.parent_client_order_id)
    return ListedOrder(
        at=order.submitted_at,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        type=order.type,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        average_fill_price=order.average_fill_price,
        state=order.state,
        is_open=True,
        purpose=decision.purpose if decision else order.role,
        strategy=owner or (decision.strategy if decision else FOREIGN),
        reason=intent.reason if intent else order.reason,
        client_order_id=order.client_order_id,
        broker_order_id=order.broker_order_id,
    )
