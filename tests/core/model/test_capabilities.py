"""What a broker can do decides how a request leaves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tradebot.core.model.capabilities import EVERYTHING, Capabilities, Hours
from tradebot.core.model.orders import OrderClass

OTO_ONLY = replace(EVERYTHING, brackets=False)
NEITHER = replace(OTO_ONLY, oto=False)


@pytest.mark.parametrize(
    ("capabilities", "order_class"),
    [(EVERYTHING, OrderClass.BRACKET), (OTO_ONLY, OrderClass.OTO), (NEITHER, OrderClass.SIMPLE)],
)
def test_an_entry_leaves_with_the_legs_that_the_broker_takes(
    capabilities: Capabilities, order_class: OrderClass
) -> None:
    entry = Requests().buy(10, stop_loss="90", take_profit="120")
    sent = capabilities.sent(entry)
    assert sent.order_class is order_class
    assert replace(sent, stop_loss=entry.stop_loss, take_profit=entry.take_profit) == entry


def test_a_broker_that_takes_no_leg_protects_no_entry() -> None:
    assert [each.protects_entries for each in (EVERYTHING, OTO_ONLY, NEITHER)] == [True, True, False]


def test_the_hours_without_a_stop_are_told() -> None:
    assert EVERYTHING.unguarded_hours == ""
    every = replace(EVERYTHING, hours=frozenset(Hours))
    assert every.unguarded_hours == "no stop triggers in extended and overnight hours"


def test_what_is_left_to_jobs_is_told_and_nothing_where_the_broker_can_all() -> None:
    assert EVERYTHING.left_to_jobs == ()
    assert NEITHER.left_to_jobs == (
        "each entry's stop is placed by the job that sends it",
        "targets are taken by check-exits",
    )


def test_an_entry_limit_lies_on_a_tick_and_within_the_collar() -> None:
    collar = replace(EVERYTHING, entry_collar_pct=Decimal("0.01"))
    assert EVERYTHING.entry_limit(Decimal("33.33")) is None
    assert collar.entry_limit(Decimal("33.33")) == Decimal("33.66")
