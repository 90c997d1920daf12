"""Entries that may be at the broker though none of its lists shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tradebot.core.model.account import MarketClock
from tradebot.core.model.orders import Intent
from tradebot.ports import Broker


def unseen_entries(
    broker: Broker, in_doubt: Iterable[Intent], session: date, market: MarketClock | None
) -> tuple[Intent, ...]:
    """The entries of the open session whose answers were lost, and that no list of the broker's has.

    A broker that finds orders for certain by their ids has no such entry where it shows none, and an entry ends with
    its session. Raises BrokerUnavailable.
    """
    is_open = market is None or market.is_open
    asked = [each for each in in_doubt if each.session == session and is_open]
    if not asked or broker.capabilities.finds_by_id:
        return ()
    shown = broker.orders(each.client_order_id for each in asked)
    return tuple(each for each in asked if each.client_order_id not in shown)
