"""Every precaution of Alpaca's adapter is needed: with any one of them taken out, some world breaks a promise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.worlds.faults import FaultKind
from tests.worlds.market import Market
from tests.worlds.mutating import MONEY, Mutation, assert_needed, rough
from tests.worlds.story import Promise
from tests.worlds.targets import Target
from tests.worlds.ways import WAYS
from tradebot.brokers.alpaca.broker.order_groups import GroupMembership, OrderGroups
from tradebot.brokers.alpaca.broker.order_parsing import AlpacaOrder
from tradebot.brokers.http.api import Api
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.errors import OutcomeUnknown


def families(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg is an order like any other."""

    def add(self: OrderGroups, head: AlpacaOrder) -> None:
        for order in (head, *head.legs):
            self._memberships[order.id] = GroupMembership(Purpose.ENTRY)

    monkeypatch.setattr(Target.ALPACA_GROUP_MEMBERS, add)


def look_for_absent_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the list of open orders leaves out is not there."""
    monkeypatch.setattr(Target.ALPACA_ABSENT_LEGS, lambda self, orders: False)


def unknown_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order of a status that this version does not know is over."""
    understood = Target.ALPACA_ORDER_STATE.function

    def over(status: str, quantity: Decimal, filled: Decimal) -> OrderState:
        state = understood(status, quantity, filled)
        return OrderState.CANCELLED if state is OrderState.UNKNOWN else state

    monkeypatch.setattr(Target.ALPACA_ORDER_STATE, over)


def look_for_what_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was booked before the newest known activity has been told by then."""
    monkeypatch.setattr(Target.ALPACA_LATE_ACTIVITIES, lambda self, cursor, is_known: ())


def sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What got no answer is sent again, as the client underneath would do."""
    write = Target.HTTP_WRITE.function

    def stubborn(self: Api, *asked: Any) -> Any:
        try:
            return write(self, *asked)
        except OutcomeUnknown:
            return write(self, *asked)

    monkeypatch.setattr(Target.HTTP_WRITE, stubborn)


MUTATIONS = (
    Mutation("sent once", sent_once, Promise.SENT_ONCE, rough(FaultKind.GATEWAY_TIMEOUT)),
    Mutation("families of orders", families, Promise.OWNED, rough(first=3)),
    Mutation("a look for absent legs", look_for_absent_legs, Promise.SAID_PROTECTED, rough(first=6)),
    Mutation("unknown is live", unknown_is_live, Promise.ORDERS_SETTLED, rough(FaultKind.UNKNOWN_STATE)),
    Mutation(
        "a look for what is late", look_for_what_is_late, Promise.CASH, rough(hands=1.0, deeds=MONEY, life=1.0, first=6)
    ),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_without_a_precaution_a_promise_breaks(market: Market, mutation: Mutation) -> None:
    assert_needed(mutation, market, WAYS["alpaca"])
