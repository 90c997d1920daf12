"""Whose leg an order is. Once known, that never changes: an order's family is remembered as long as the process lives,
and those of the open orders longer (``memory``).

Alpaca's orders name no parent. A leg is found in its entry's ``legs`` where the listing is nested, by the ``group_id``
that it shares with its entry where the server tells one, or by the order that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tradebot.brokers.alpaca.broker.order_parsing import AlpacaOrder, role_of
from tradebot.brokers.http.responses import Json
from tradebot.core.model.orders import BrokerOrder, OrderType, Purpose

_ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """What an order is to its family; without a parent it is the head, or stands alone."""

    role: Purpose
    parent_id: str | None = None
    parent_client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSender:
    """Who sent an order: its own id, and that of its entry if it is a leg."""

    client_order_id: str
    parent_client_order_id: str | None


class OrderGroups:
    """The families met so far, and those that were ``living`` when an earlier command looked."""

    def __init__(self, living: Json | None = None) -> None:
        known = living or {}
        self._kin: dict[str, GroupMembership] = {
            order_id: GroupMembership(Purpose(role), *parent) for order_id, (role, *parent) in known.items()
        }
        self._heads: dict[str, AlpacaOrder] = {}  # by group_id
        self._living_legs: dict[str, set[str]] = {}  # of each head, as last seen
        self._senders: dict[str, OrderSender] = {}
        for order_id, kin in self._kin.items():
            if kin.parent_id is not None:
                self._living_legs.setdefault(kin.parent_id, set()).add(order_id)

    def meet(self, head: AlpacaOrder) -> None:
        """Remember an order of a nested listing or an answer, and its legs."""
        if not head.grouped:
            self._kin[head.id] = GroupMembership(Purpose.ENTRY)
        elif head.legs or head.group_role == _ENTRY:
            self._meet_family(head)

    def succeed(self, new: AlpacaOrder, old_id: str) -> None:
        """Remember that an order has taken the place of another, and with it that one's place in its family."""
        kin = self._kin.get(old_id)
        if kin is not None:
            self._kin[new.id] = kin
            if kin.parent_id is not None and not new.order.state.terminal:
                self._living_legs.setdefault(kin.parent_id, set()).add(new.id)

    def knows(self, order: AlpacaOrder) -> bool:
        """Whether it is known what an order is; what it shares with a known order tells it, too."""
        if order.id in self._kin:
            return True
        if not order.grouped:
            self._kin[order.id] = GroupMembership(Purpose.ENTRY)
        elif order.replaces in self._kin:
            self.succeed(order, order.replaces)
        elif order.group_id in self._heads and self._heads[order.group_id].id != order.id:
            self._kin[order.id] = _leg_of(self._heads[order.group_id], order)
        return order.id in self._kin

    def is_leg(self, order: AlpacaOrder) -> bool:
        """Whether an order is known to be a leg."""
        return self.knows(order) and self._kin[order.id].parent_id is not None

    def sender_of(self, broker_order_id: str) -> OrderSender | None:
        """Who sent an order; None for one that was not introduced yet, or whose family cannot be found."""
        return self._senders.get(broker_order_id)

    def absent_legs(self, orders: Iterable[AlpacaOrder]) -> bool:
        """Whether a leg that lived when it was last seen is missing where others of its family are listed."""
        listed = {order.id: order for order in orders}
        replaced = {order.replaces for order in listed.values()}
        heads = {self._kin[order.id].parent_id or order.id for order in listed.values() if order.id in self._kin}
        return any(
            leg not in listed and leg not in replaced for head in heads for leg in self._living_legs.get(head, ())
        )

    def living(self, orders: Iterable[AlpacaOrder]) -> Json:
        """What another command should know of these open orders: their families, with every leg that lives."""
        grouped = {order.id for order in orders if order.grouped and order.id in self._kin}
        heads = {self._kin[order_id].parent_id or order_id for order_id in grouped}
        legs = {leg for head in heads for leg in self._living_legs.get(head, ())}
        kin = {order_id: self._kin[order_id] for order_id in sorted(grouped | legs)}
        return {order_id: [str(k.role), k.parent_id, k.parent_client_order_id] for order_id, k in kin.items()}

    def introduced(self, order: AlpacaOrder, legs: Iterable[AlpacaOrder] = ()) -> BrokerOrder:
        """The order with its parent, its role, and these ``legs`` of its own. A stranger stands alone."""
        kin = self._kin.get(order.id, GroupMembership(Purpose.ENTRY))
        if order.id in self._kin:
            self._senders[order.id] = OrderSender(order.order.client_order_id, kin.parent_client_order_id)
        return replace(
            order.order,
            parent_id=kin.parent_id,
            parent_client_order_id=kin.parent_client_order_id,
            role=kin.role,
            legs=tuple(self.introduced(leg) for leg in legs),
        )

    def _meet_family(self, head: AlpacaOrder) -> None:
        self._kin[head.id] = GroupMembership(_role_of_head(head))
        if head.group_id is not None:
            self._heads[head.group_id] = head
        for leg in head.legs:
            self._kin[leg.id] = _leg_of(head, leg)
        if head.legs:
            self._living_legs[head.id] = {leg.id for leg in head.legs if not leg.order.state.terminal}


def _leg_of(head: AlpacaOrder, leg: AlpacaOrder) -> GroupMembership:
    return GroupMembership(role_of(leg), head.id, head.order.client_order_id)


def _role_of_head(head: AlpacaOrder) -> Purpose:
    """An entry, or the target of an exit pair, whose only leg is the stop beside it on the same side."""
    is_pair = head.order.type is OrderType.LIMIT and any(leg.order.side is head.order.side for leg in head.legs)
    return Purpose.TARGET if is_pair else Purpose.ENTRY
