"""Ownership of orders and fills: which decision an order was sent for, and whether the order is ours or foreign.

Every such question is answered here, from the ids of orders and, where it can be read, the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tradebot.core.model.account import Activity, Fill, id_of
from tradebot.core.model.holdings import FOREIGN, Holding, Lot
from tradebot.core.model.opening import Opening
from tradebot.core.model.order_ids import DecisionId, account_hash, parse
from tradebot.core.model.orders import BrokerOrder, Intent

Lots = Mapping[str, tuple[Lot, ...]]


@dataclass(frozen=True, slots=True)
class BookedPositions:
    """Open lots and holdings that the ledger has booked. Empty where the ledger cannot be read."""

    lots: tuple[Lot, ...] = ()
    holdings: tuple[Holding, ...] = ()
    cursor: str | None = None  # id of the newest booked activity
    known: frozenset[str] = frozenset()  # ids of all booked activities
    corporate_actions: tuple[Activity, ...] = ()  # booked splits and reorganisations, which rows may tell again
    opening: Opening | None = None  # of the account, which covers what happened before it
    asset_ids: Mapping[str, str] = field(default_factory=dict)  # the broker's id of the asset behind each held symbol
    entries_in_doubt: tuple[Intent, ...] = ()  # that were sent, and whose outcome nobody saw
    entry_stops: Mapping[str, Decimal] = field(default_factory=dict)  # planned stop by the id of a newest entry, USD

    def knows(self, activity_id: str) -> bool:
        """Whether the activity with this id is booked, or was told before the opening."""
        return activity_id in self.known or (self.opening is not None and activity_id in self.opening.known)

    def lacks(self, activity: Activity) -> bool:
        """Whether an activity is neither booked nor covered by the opening."""
        return not self.knows(id_of(activity)) and not (self.opening is not None and self.opening.covers(activity))


@dataclass(frozen=True, slots=True)
class Ownership:
    """The account that orders are sent for, and the decisions that they were sent for.

    account_key: the pinned account.
    decisions: the decision by order id, for a broker that names orders by ids of its own. An id that is not in it is
        parsed as a client_order_id.
    """

    account_key: str
    decisions: Mapping[str, DecisionId] = field(default_factory=dict)

    def decision(self, *order_ids: str | None) -> DecisionId | None:
        """The decision of this account that the first known one of ``order_ids`` was made from; None for none."""
        return next((found for found in map(self._decision, filter(None, order_ids)) if found), None)

    def decision_of(self, order: BrokerOrder) -> DecisionId | None:
        """The decision that an order was sent for. None for foreign orders and for legs, whose ids brokers make."""
        return self.decision(order.client_order_id, order.broker_order_id)

    def is_foreign(self, order: BrokerOrder) -> bool:
        """Whether an order was sent by others than us. Legs are not: their parent's ids say whose they are."""
        return order.parent_id is None and self.decision_of(order) is None

    def is_others(self, order: BrokerOrder) -> bool:
        """Whether an order, or the entry of a leg, has an id that we did not make.

        Of a leg whose entry is unknown nobody can say so: False.
        """
        if order.parent_id is None:
            return self.decision_of(order) is None
        return order.parent_client_order_id is not None and self.decision(order.parent_client_order_id) is None

    def is_explained(self, order: BrokerOrder, *, in_ledger: bool) -> bool:
        """Whether the ledger explains an order. ``in_ledger``: it holds the order's intent or its parent's.

        Orders of an emergency stop may be missing there, and only reduce: their ids explain them. An entry is explained
        by its intent alone, since a ledger without it may be an old copy.
        """
        decision = self.decision_of(order)
        return in_ledger or (decision is not None and decision.purpose.reduces)

    def is_ours(self, order: BrokerOrder, live_orders: Iterable[BrokerOrder], lots: Lots) -> bool:
        """Whether we sent a live order or its parent, without asking the ledger.

        A leg whose parent is not among ``live_orders`` is ours where ``lots`` has shares of ours in its symbol: only
        our entries have brackets there.
        """
        if order.parent_id is None:
            return self.decision_of(order) is not None
        parent = next((other for other in live_orders if other.broker_order_id == order.parent_id), None)
        if parent is None:
            return bool(ours_among(lots.get(order.symbol, ())))
        return self.decision_of(parent) is not None

    def strategy_of(self, fill: Fill) -> str:
        """The strategy whose order, or whose bracket, a fill executed; FOREIGN for everybody else's."""
        decision = self.decision(fill.client_order_id, fill.broker_order_id, fill.parent_client_order_id)
        return decision.strategy if decision else FOREIGN

    def _decision(self, order_id: str) -> DecisionId | None:
        if order_id in self.decisions:
            return self.decisions[order_id]
        decision = parse(order_id)
        return decision if decision is not None and decision.account_hash == account_hash(self.account_key) else None


def ours_among(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """The lots that the bot opened."""
    return tuple(lot for lot in lots if lot.strategy != FOREIGN)
