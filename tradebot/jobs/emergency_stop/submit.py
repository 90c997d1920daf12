"""How the command emergency-stop sends reducing orders: without the lock and the ledger, by their ids alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import OrderRequest, Purpose
from tradebot.ports import Broker

#: Attempt numbers of a stop without a ledger, far above those of jobs, which the ledger counts.
ATTEMPTS = range(1001, 10000)
#: Reads after which the positions show a fill that the orders have shown.
READS_AFTER_A_FILL = 4


class StopSender(Protocol):
    """Sends reducing orders, at most one live order for each decision."""

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        """Send an order and return its client_order_id; None where an earlier one of the decision may still fill.

        ``request`` has no id yet. ``price`` is the price of the decision, USD a share. Raises TradebotError.
        """
        ...


class RecentFills:
    """The reads that showed an order as filled, by its id."""

    def __init__(self) -> None:
        self._reads: Counter[str] = Counter()

    def is_recent(self, order_id: str) -> bool:
        """Count a read. True while positions may not show the fill yet: another order would sell the shares twice."""
        self._reads[order_id] += 1
        return self._reads[order_id] <= READS_AFTER_A_FILL


class ByIdAlone:
    """Sends without a ledger. A second emergency stop of the session meets the ids of the first again."""

    def __init__(self, broker: Broker, account_key: str) -> None:
        self._broker = broker
        self._account_key = account_key
        self._fills = RecentFills()

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        """Send under the first attempt number that the broker does not know."""
        for attempt in ATTEMPTS:
            order_id = client_order_id(self._account_key, session, strategy, request.symbol, purpose, attempt)
            existing = self._broker.order(order_id)
            if existing is None:
                self._broker.submit(replace(request, client_order_id=order_id))
                return order_id
            if existing.state.live:
                return None
            if existing.filled_quantity and self._fills.is_recent(order_id):
                return None
        return None
