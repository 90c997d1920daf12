"""Which order is a leg of which entry. Once known, that never changes.

Memberships are kept as long as the process lives, and those of the open orders in a cache file for the next commands.
Alpaca's orders name no parent. A leg is known by one of three ways: its entry lists it in ``legs`` where the listing is
nested; it shares a ``group_id`` with its entry, where the server gives one; or it replaces an order that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tradebot.brokers.alpaca.broker.order_parsing import AlpacaOrder, leg_role
from tradebot.brokers.http.responses import Json
from tradebot.core.model.orders import BrokerOrder, OrderType, Purpose

_ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """The place of an order in its group. Without a parent it is the head of a group, or a single order."""

    role: Purpose
    parent_id: str | None = None  # the broker's id of the head
    parent_client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSender:
    """The ids that tell who sent an order."""

    client_order_id: str
    parent_client_order_id: str | None  # of the entry, if the order is a leg


class OrderGroups:
    """The groups seen so far. ``cached`` has those of the orders that were open at an earlier command."""

    def __init__(self, cached: Json | None = None) -> None:
        self._memberships: dict[str, GroupMembership] = {
            order_id: GroupMembership(Purpose(role), *parent) for order_id, (role, *parent) in (cached or {}).items()
        }
        self._heads: dict[str, AlpacaOrder] = {}  # by group_id
        self._live_legs: dict[str, set[str]] = {}  # ids by the head's id, as last seen
        self._senders: dict[str, OrderSender] = {}  # by the order's id
        for order_id, membership in self._memberships.items():
            if membership.parent_id is not None:
                self._live_legs.setdefault(membership.parent_id, set()).add(order_id)

    def add(self, head: AlpacaOrder) -> None:
        """Add an order of a nested listing or of a response, with its legs."""
        if not head.grouped:
            self._memberships[head.id] = GroupMembership(Purpose.ENTRY)
        elif head.legs or head.group_role == _ENTRY:
            self._add_group(head)

    def add_replacement(self, new: AlpacaOrder, old_id: str) -> None:
        """Give ``new`` the place of the order that it replaces."""
        membership = self._memberships.get(old_id)
        if membership is not None:
            self._memberships[new.id] = membership
            if membership.parent_id is not None and not new.order.state.terminal:
                self._live_legs.setdefault(membership.parent_id, set()).add(new.id)

    def resolve(self, order: AlpacaOrder) -> bool:
        """Derive the place of an order from the known ones, if it is not known yet. Return whether it is known now."""
        if order.id in self._memberships:
            return True
        if not order.grouped:
            self._memberships[order.id] = GroupMembership(Purpose.ENTRY)
        elif order.replaces in self._memberships:
            self.add_replacement(order, order.replaces)
        elif order.group_id in self._heads and self._heads[order.group_id].id != order.id:
            self._memberships[order.id] = _leg_membership(self._heads[order.group_id], order)
        return order.id in self._memberships

    def is_leg(self, order: AlpacaOrder) -> bool:
        """Whether an order is known to be a leg."""
        return self.resolve(order) and self._memberships[order.id].parent_id is not None

    def sender(self, broker_order_id: str) -> OrderSender | None:
        """Who sent an order; None for one that ``with_group`` has not returned, or whose group is not known."""
        return self._senders.get(broker_order_id)

    def lacks_live_legs(self, listed: Iterable[AlpacaOrder]) -> bool:
        """Whether a leg that was live when last seen is missing, though other orders of its group are listed."""
        orders = {order.id: order for order in listed}
        replaced = {order.replaces for order in orders.values()}
        known = (order_id for order_id in orders if order_id in self._memberships)
        heads = {self._memberships[order_id].parent_id or order_id for order_id in known}
        legs = (leg for head in heads for leg in self._live_legs.get(head, ()))
        return any(leg not in orders and leg not in replaced for leg in legs)

    def to_cache(self, open_orders: Iterable[AlpacaOrder]) -> Json:
        """The memberships of the open orders and of every live leg of their groups, for the cache file."""
        grouped = {order.id for order in open_orders if order.grouped and order.id in self._memberships}
        heads = {self._memberships[order_id].parent_id or order_id for order_id in grouped}
        legs = {leg for head in heads for leg in self._live_legs.get(head, ())}
        known = {order_id: self._memberships[order_id] for order_id in sorted(grouped | legs)}
        return {order_id: [str(m.role), m.parent_id, m.parent_client_order_id] for order_id, m in known.items()}

    def with_group(self, order: AlpacaOrder, legs: Iterable[AlpacaOrder] = ()) -> BrokerOrder:
        """The order with its parent, its role and ``legs``. An order whose group is not known is a single order."""
        membership = self._memberships.get(order.id, GroupMembership(Purpose.ENTRY))
        if order.id in self._memberships:
            sender = OrderSender(order.order.client_order_id, membership.parent_client_order_id)
            self._senders[order.id] = sender
        return replace(
            order.order,
            parent_id=membership.parent_id,
            parent_client_order_id=membership.parent_client_order_id,
            role=membership.role,
            legs=tuple(self.with_group(leg) for leg in legs),
        )

    def _add_group(self, head: AlpacaOrder) -> None:
        self._memberships[head.id] = GroupMembership(_head_role(head))
        if head.group_id is not None:
            self._heads[head.group_id] = head
        for leg in head.legs:
            self._memberships[leg.id] = _leg_membership(head, leg)
        if head.legs:
            self._live_legs[head.id] = {leg.id for leg in head.legs if not leg.order.state.terminal}


def _leg_membership(head: AlpacaOrder, leg: AlpacaOrder) -> GroupMembership:
    return GroupMembership(leg_role(leg), head.id, head.order.client_order_id)


def _head_role(head: AlpacaOrder) -> Purpose:
    """ENTRY, or TARGET for the head of an exit pair (OCO), whose only leg is a stop on the same side."""
    is_pair = head.order.type is OrderType.LIMIT and any(leg.order.side is head.order.side for leg in head.legs)
    return Purpose.TARGET if is_pair else Purpose.ENTRY
