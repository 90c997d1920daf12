"""What corrections added and removed, at cost."""

from __future__ import annotations

from dataclasses import replace

from tests.core.builders import NOW, TODAY, D, fill
from tradebot.core.accounting.adjustment_effects import adjustment_effects
from tradebot.core.model.account import Adjustment
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory


def corrected(quantity: int) -> list[tuple[object, ...]]:
    """The effects of a correction after purchases of 10 at 50 and 10 at 60."""
    first, second = fill("f1", quantity="10", price="50"), fill("f2", quantity="10", price="60")
    adjustment = Adjustment("A1", "AAPL", D(quantity), D(55), D(0), "found", NOW, TODAY)
    activities = (first, replace(second, fill_id="f2"), adjustment)
    history = SymbolHistory(tuple(BookedActivity(each, "trend") for each in activities))
    return [
        (each.added, [gone.cost for gone in each.removed], each.cost)
        for each in adjustment_effects({"AAPL": history}, "AAPL")
    ]


def test_added_shares_begin_at_the_price_of_the_correction() -> None:
    assert corrected(4) == [(D(220), [], D(220))]


def test_removed_shares_are_the_newest_at_their_cost() -> None:
    assert corrected(-12) == [(D(0), [D(100), D(600)], D(-700))]


def test_more_than_there_were_turns_the_position() -> None:
    assert corrected(-21) == [(D(-55), [D(500), D(600)], D(-1155))]
