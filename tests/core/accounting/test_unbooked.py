"""Lots as they are after activities that the ledger has not booked: what an emergency stop works from."""

from __future__ import annotations

from tests.core.builders import ACCOUNT_KEY, D, fill, lot, reorganisation, split
from tradebot.core.accounting.unbooked import lots_including
from tradebot.core.model.account import ActionKind, FillBust
from tradebot.core.model.orders import Side
from tradebot.core.model.ownership import BookedPositions, Ownership

OURS = Ownership(ACCOUNT_KEY)
HELD = BookedPositions((lot("f0"),))


def test_a_fill_and_a_split_count() -> None:
    lots = lots_including(HELD, (fill("f1", Side.SELL, "40"), split("2", "60", "120")), OURS)
    assert [each.quantity for each in lots["AAPL"]] == [D(120)]


def test_a_lot_that_a_busted_fill_opened_does_not() -> None:
    assert lots_including(HELD, (FillBust("x1", "f0", lot().opened_at, lot().session),), OURS) == {}


def test_a_renamed_holding_stands_under_its_new_name() -> None:
    lots = lots_including(HELD, (reorganisation(ActionKind.NAME_CHANGE, "NEWN"),), OURS)
    assert lots["AAPL"] == ()
    assert [(each.lot_id, each.symbol) for each in lots["NEWN"]] == [("f0", "NEWN")]
