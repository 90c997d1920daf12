"""How the command emergency-stop sends reducing orders: without the lock and the ledger, by their ids alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import BrokerOrder, OrderRequest, Purpose
from tradebot.core.safety.lost_orders import TRIES, Look, LostOrder, Verdict, verdict
from tradebot.errors import AlreadySent, OutcomeUnknown
from tradebot.ports import Broker, SendGuard

#: Attempt numbers of a stop without a ledger, far above those of jobs, which the ledger counts.
ATTEMPTS = range(1001, 10000)
#: Reads after which the positions show a fill that the orders have shown.
READS_AFTER_A_FILL = 4


class StopSender(Protocol):
    """Sends reducing orders, at most one live order for each decision."""

    def send(
        self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal, look: Look
    ) -> str | None:
        """Send an order and return its client_order_id; None where an earlier one of the decision may still fill.

        ``request`` has no id yet. ``price`` is the price of the decision, USD a share, and ``look`` what the newest
        read of the account shows of its shares. Raises TradebotError.
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


class LostTries:
    """The orders of a stop that no list has shown yet, at a broker that finds none for certain by its id."""

    def __init__(self) -> None:
        self._tries: dict[str, LostOrder] = {}
        self._looks: dict[str, list[Look]] = {}

    def note(self, order_id: str, sends: int, lost_at: datetime) -> None:
        """Note that an order left for the ``sends``-th time."""
        self._tries[order_id] = LostOrder(reduces=True, sends=sends, lost_at=lost_at)
        self._looks[order_id] = []

    def sends(self, order_id: str) -> int:
        """How often an order has left; 0 for one that is not noted."""
        return self._tries[order_id].sends if order_id in self._tries else 0

    def verdict(self, order_id: str, look: Look) -> Verdict:
        """What becomes of a noted order, with one more look that no list showed it in."""
        self._looks[order_id].append(look)
        return verdict(self._tries[order_id], self._looks[order_id])


class ByIdAlone:
    """Sends without a ledger. A second emergency stop of the session meets the ids of the first again."""

    def __init__(self, broker: Broker, account_key: str, guard: SendGuard) -> None:
        self._broker = broker
        self._account_key = account_key
        self._guard = guard
        self._fills = RecentFills()
        self._lost = LostTries()

    def send(
        self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal, look: Look
    ) -> str | None:
        """Send under the first attempt number that the broker does not know."""
        for attempt in ATTEMPTS:
            order_id = client_order_id(self._account_key, session, strategy, request.symbol, purpose, attempt)
            existing = self._broker.order(order_id)
            if existing is None:
                if self._broker.capabilities.finds_by_id:
                    self._submit(replace(request, client_order_id=order_id))
                    return order_id
                if self._has_left(replace(request, client_order_id=order_id), look):
                    return order_id
            elif existing.state.live or (existing.filled_quantity and self._fills.is_recent(order_id)):
                return None
        return None

    def _has_left(self, request: OrderRequest, look: Look) -> bool:
        """Send an order that no list shows. False where its id is used up: the next one may leave.

        Raises OutcomeUnknown while an earlier one may hold the shares.
        """
        order_id = request.client_order_id
        sends = self._lost.sends(order_id)
        said = self._lost.verdict(order_id, look) if sends else Verdict.SEND_AGAIN
        if said is Verdict.END:
            return False
        refuse_to_sell_twice(said, look)
        self._lost.note(order_id, sends + 1, look.at)
        try:
            order = self._submit(request)
        except AlreadySent:
            self._lost.note(order_id, TRIES, look.at)  # another try would be refused again
            raise
        return order.state.live or bool(order.filled_quantity)

    def _submit(self, request: OrderRequest) -> BrokerOrder:
        self._broker.wait_to_send()
        with self._guard.decided():
            return self._broker.submit(request)


def refuse_to_sell_twice(said: Verdict, look: Look) -> None:
    """Raise OutcomeUnknown while an order that no list shows may sell the shares, or holds them."""
    if said is Verdict.WAIT:
        raise OutcomeUnknown("the answer to its order was lost, and no list of the broker's shows the order yet")
    if not look.is_free:
        raise OutcomeUnknown("the broker holds its shares for an order that none of its lists shows")
