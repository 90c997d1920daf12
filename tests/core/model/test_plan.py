"""A plan sends exits before entries."""

from __future__ import annotations

from tests.core.builders import intent, situation
from tradebot.core.model.orders import Purpose
from tradebot.core.model.plan import Plan


def test_exits_are_sent_before_entries() -> None:
    entry, leaving = intent("AAPL"), intent("IBM", purpose=Purpose.EXIT)
    assert Plan(exits=(leaving,), entries=(entry,)).intents == (leaving, entry)


def test_a_situation_is_of_the_account_whose_orders_it_knows() -> None:
    given = situation()
    assert given.account_key == given.ownership.account_key == "paper:paper:PAPER-0001"
