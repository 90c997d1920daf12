"""Shares of another company under a held symbol, and shares that are probably a holding's under another symbol."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.builders import D, holding, lot, order, position, stop
from tradebot.core.model.account import Position
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.orders import BrokerOrder, OrderType, Purpose
from tradebot.core.model.ownership import BookedPositions
from tradebot.core.safety.identity import (
    find_strangers,
    followed,
    identity_breaks,
    unfollowed_gaps,
    unfollowed_holding,
)
from tradebot.core.safety.stop_coverage import GapKind


def of_asset(asset_id: str | None) -> Position:
    return replace(position(), asset_id=asset_id)


def test_a_held_symbol_with_another_asset_is_a_break_that_locks() -> None:
    strangers = find_strangers([of_asset("a-2")], [lot()], {"AAPL": "a-1"})
    (found,) = identity_breaks(strangers)
    assert (found.kind, found.symbol, found.there) == (BreakKind.IDENTITY, "AAPL", D(100))
    assert found.locks_symbol and found.matters


@pytest.mark.parametrize("asset_id", ["a-1", None])
def test_the_same_asset_or_none_that_is_known_is_no_stranger(asset_id: str | None) -> None:
    assert find_strangers([of_asset(asset_id)], [lot()], {"AAPL": "a-1"}) == ()
    assert find_strangers([of_asset("a-2")], [], {"AAPL": "a-1"}) == ()


@pytest.mark.parametrize(
    ("shown", "held", "changed"),
    [
        ((("AAPL", "a-1"),), "AAPL", {}),
        ((("NEWN", "a-1"),), "NEWN", {"AAPL": "NEWN"}),
        ((("NEWN", "a-1"), ("AAPL", "a-2")), "NEWN", {"AAPL": "NEWN"}),  # another company took the old symbol
        ((("AAPL", "a-2"),), None, {"AAPL": ""}),
        ((("AAPL", None),), "AAPL", {}),
        ((("NEWN", "a-3"),), "AAPL", {}),
        ((), "AAPL", {}),
    ],
)
def test_what_is_booked_follows_its_asset(
    shown: tuple[tuple[str, str | None], ...], held: str | None, changed: dict[str, str]
) -> None:
    booked = BookedPositions((lot(),), (holding(),), asset_ids={"AAPL": "a-1"})
    positions = [replace(position(symbol), asset_id=asset_id) for symbol, asset_id in shown]
    now, names = followed(booked, positions)
    assert [each.symbol for each in now.lots] == [each.symbol for each in now.holdings]
    assert [each.symbol for each in now.lots] == ([] if held is None else [held])
    assert names == changed


def test_as_many_shares_as_a_lost_holding_has_are_counted_as_bare() -> None:
    (gap,) = unfollowed_gaps([holding()], [position("NEWN")], [lot()], ())
    assert (gap.kind, gap.symbol, gap.strategy, gap.dollars) == (GapKind.UNFOLLOWED, "NEWN", "trend", D(5000))
    assert not gap.kind.can_be_closed


TARGET = order(
    "NEWN",
    broker_order_id="target-NEWN",
    type=OrderType.LIMIT,
    limit_price=D(60),
    role=Purpose.TARGET,
    parent_id="entry-NEWN",
)


@pytest.mark.parametrize(
    ("positions", "orders"),
    [
        ([position("NEWN", "90")], ()),  # another number of shares
        ([position("AAPL"), position("NEWN")], ()),  # the holding is there
        ([position("NEWN")], (stop("NEWN"),)),  # a stop covers them
        ([position("NEWN")], (stop("NEWN", held=True), TARGET)),  # so does one that shares its shares with a target
        ([], ()),
    ],
)
def test_anything_else_is_not(positions: list[Position], orders: tuple[BrokerOrder, ...]) -> None:
    assert unfollowed_gaps([holding()], positions, [lot()], orders) == ()


GONE = Break(BreakKind.MISSING_THERE, "AAPL", D(100), D(0), "gone")
THERE = Break(BreakKind.MISSING_HERE, "NEWN", D(0), D(100), "there")


@pytest.mark.parametrize(
    ("breaks", "price", "is_protected"),
    [((GONE, THERE), "50", True), ((GONE, THERE), "51", False), ((GONE,), "50", False), ((), "50", False)],
)
def test_a_stop_covers_them_once_two_looks_have_shown_shares_of_the_same_cost(
    breaks: tuple[Break, ...], price: str, is_protected: bool
) -> None:
    shown = position("NEWN", price=price)
    (gap,) = unfollowed_gaps([holding()], [shown], [lot()], ())
    found = unfollowed_holding(gap, [holding()], [shown], breaks)
    assert found == (holding("NEWN") if is_protected else None)
