"""What at a broker is the bot's, and what a person's: told by the broker's own activities and by the ids of orders.

For the moments in which the ledger is behind, or can't be read at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tradebot.core.model.account import Fill
from tradebot.core.model.holdings import FOREIGN, Holding, Lot
from tradebot.core.model.order_ids import DecisionId, account_hash, parse
from tradebot.core.model.orders import BrokerOrder

Lots = Mapping[str, tuple[Lot, ...]]


@dataclass(frozen=True, slots=True)
class Explained:
    """What the ledger explained when it was last written: open lots, holdings, and the newest activity it has booked.

    Nothing of it where the ledger can't be read: the activities then tell everything from the account's beginning.
    """

    lots: tuple[Lot, ...] = ()
    holdings: tuple[Holding, ...] = ()
    cursor: str | None = None


def ours_among(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """The lots that the bot opened."""
    return tuple(lot for lot in lots if lot.strategy != FOREIGN)


def decision_of(client_order_id: str, account_key: str) -> DecisionId | None:
    """The decision that an id was made from, if it was made for this account."""
    made = parse(client_order_id)
    return made if made is not None and made.account_hash == account_hash(account_key) else None


def is_sent_by_us(order: BrokerOrder, orders: Iterable[BrokerOrder], lots: Lots, account_key: str) -> bool:
    """Whether the bot sent a live order or its bracket. ``orders`` are all live ones.

    The leg of an entry that is over is taken for ours where we hold shares of its symbol: only ours has brackets there.
    """
    if order.parent_id is None:
        return decision_of(order.client_order_id, account_key) is not None
    parent = next((other for other in orders if other.broker_order_id == order.parent_id), None)
    if parent is None:
        return bool(ours_among(lots.get(order.symbol, ())))
    return decision_of(parent.client_order_id, account_key) is not None


def strategy_of(fill: Fill, account_key: str) -> str:
    """The strategy whose order a fill executed, by its id or its bracket's; FOREIGN for anyone else's."""
    ids = (fill.client_order_id, fill.parent_client_order_id or "")
    made = next((made for made in (decision_of(text, account_key) for text in ids) if made), None)
    return made.strategy if made else FOREIGN
