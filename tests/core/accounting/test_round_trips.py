"""A trade is a round trip: flat to flat, by strategy and symbol, however many fills go in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, TODAY, D, fill, limits_with, reorganisation, split
from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.accounting.performance import totals
from tradebot.core.accounting.round_trips import open_round_trips, round_trips
from tradebot.core.model.account import (
    ActionKind,
    Adjustment,
    Bookable,
    Fill,
    FillBust,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.holdings import FOREIGN, Lot, LotClosure, Trade
from tradebot.core.model.ledger_rows import Booking, SymbolHistory, SymbolState
from tradebot.core.model.orders import Purpose, Side


def at(minute: int, **more: Any) -> dict[str, Any]:
    return {"at": NOW + timedelta(minutes=minute), "session": TODAY + timedelta(days=minute // 60), **more}


def bought(minute: int, quantity: str, price: str, **more: Any) -> Fill:
    return fill(f"b{minute}", Side.BUY, quantity, price, **at(minute, **more))


def sold(minute: int, quantity: str, price: str, **more: Any) -> Fill:
    return fill(f"s{minute}", Side.SELL, quantity, price, **at(minute, **more))


def states_of(booking: Booking) -> tuple[SymbolState, ...]:
    return (SymbolState(booking.symbol or "", booking.lots), *booking.others)


def trades(*activities: Bookable, owners: dict[str, str] | None = None) -> tuple[Trade, ...]:
    """The round trips that are over after activities, each of "trend" unless its order says another strategy."""
    return round_trips(*booked(*activities, owners=owners))


Booked = tuple[tuple[LotClosure, ...], tuple[Lot, ...], tuple[SplitEvent | Reorganisation, ...]]


def booked(*activities: Bookable, owners: dict[str, str] | None = None) -> Booked:
    """The lot closures, the open lots, and the splits and reorganisations after activities."""
    owned = {
        each.client_order_id: Owner((owners or {}).get(each.client_order_id, "trend"), None, Purpose.ENTRY, "signal")
        for each in activities
        if isinstance(each, Fill)
    }
    past = {symbol: SymbolHistory() for symbol in ("AAPL", "NEWN")}
    bookings = bookings_for(activities, (), (), owned, limits_with(), past)
    closures: dict[str, LotClosure] = {}
    for booking in bookings:
        for gone in booking.undone:
            del closures[gone.trade_id]
        closures |= {each.trade_id: each for each in booking.closures}
    lots = {state.symbol: state.lots for each in bookings for state in states_of(each)}
    events = tuple(each for each in activities if isinstance(each, SplitEvent | Reorganisation))
    return tuple(closures.values()), tuple(lot for open_lots in lots.values() for lot in open_lots), events


def test_three_fills_in_and_two_out_are_one_trade() -> None:
    (trade,) = trades(
        *(bought(0, "10", "50"), bought(1, "20", "51"), bought(2, "10", "52")),
        *(sold(200, "25", "53"), sold(300, "15", "49.8")),
    )
    assert (trade.symbol, trade.strategy, trade.side, trade.quantity) == ("AAPL", "trend", Side.BUY, D(40))
    assert (trade.entry_price, trade.exit_price) == (D(51), D("51.8"))
    assert (trade.pnl, trade.fees) == (D("27.00"), D("5.00"))
    assert (trade.opened_at, trade.closed_at) == (NOW, NOW + timedelta(minutes=300))
    assert (trade.entry_session, trade.exit_session) == (TODAY, TODAY + timedelta(days=5))
    assert (trade.entries, trade.exits) == (3, 2)
    assert totals([trade]).win_rate == 1


def test_what_is_partly_open_is_no_trade_yet() -> None:
    assert trades(bought(0, "10", "50"), sold(1, "9", "60")) == ()
    earlier, later = bought(0, "10", "50"), bought(2, "10", "50")
    (trade,) = trades(earlier, sold(1, "10", "60"), later, sold(3, "9", "60"))
    assert trade.trade_id == "b0/s1"


def test_shares_bought_before_the_first_are_sold_stay_in_one_trade() -> None:
    (trade,) = trades(bought(0, "10", "50"), bought(1, "10", "50"), sold(2, "15", "51"), sold(3, "5", "52"))
    assert trade.quantity == D(20)
    first, second = trades(bought(0, "10", "50"), sold(2, "10", "51"), bought(2, "10", "50"), sold(3, "10", "52"))
    assert (first.trade_id, second.trade_id) == ("b0/s2", "b2/s3")


def test_a_fill_that_turns_the_position_ends_one_trade_and_begins_the_next() -> None:
    first, second = trades(bought(0, "10", "50"), sold(1, "25", "52"), bought(2, "15", "51"))
    assert [(each.side, each.quantity) for each in (first, second)] == [(Side.BUY, D(10)), (Side.SELL, D(15))]


def test_what_opens_and_closes_at_one_instant_is_one_trade() -> None:
    (trade,) = trades(bought(0, "10", "50"), fill("b0b", Side.BUY, "5", "51", **at(0)), sold(0, "15", "49"))
    assert (trade.quantity, trade.entries, trade.exits) == (D(15), 2, 1)


def test_a_sale_by_hand_ends_the_trade_of_the_strategy_that_bought() -> None:
    mine = bought(0, "10", "50")
    by_hand = sold(1, "10", "52", client_order_id="by-hand")
    (trade,) = trades(mine, by_hand, owners={"by-hand": FOREIGN})
    assert trade.strategy == "trend"


def test_strategies_have_trades_of_their_own() -> None:
    mine, theirs = bought(0, "10", "50"), bought(1, "5", "50", client_order_id="by-hand")
    out = (sold(2, "5", "51", client_order_id="by-hand"), sold(3, "10", "52"))
    assert [(each.strategy, each.quantity) for each in trades(mine, theirs, *out, owners={"by-hand": FOREIGN})] == [
        (FOREIGN, D(5)),
        ("trend", D(10)),
    ]


def test_a_trade_over_a_split_is_on_its_new_basis() -> None:
    event = replace(split("2", "6", "12"), **at(2))
    (trade,) = trades(bought(0, "10", "100"), sold(1, "4", "110"), event, sold(3, "12", "60"))
    assert (trade.quantity, trade.entry_price, trade.exit_price) == (D(20), D(50), D(58))
    assert trade.pnl == 4 * 10 + 12 * 10 - 3


def test_a_trade_goes_on_under_a_new_name() -> None:
    renamed = reorganisation(ActionKind.NAME_CHANGE, "NEWN", quantity_before=D(6), quantity_after=D(6), **at(2))
    (trade,) = trades(bought(0, "10", "50"), sold(1, "4", "51"), renamed, sold(3, "6", "52", symbol="NEWN"))
    assert (trade.symbol, trade.quantity, trade.pnl) == ("NEWN", D(10), D("13.00"))


def test_a_spin_off_begins_a_trade_of_its_own() -> None:
    spun = reorganisation(ActionKind.SPIN_OFF, "NEWN", ratio=D(1), price=D(5), **at(2))
    done = trades(bought(0, "100", "50"), spun, sold(3, "100", "52"), sold(4, "100", "6", symbol="NEWN"))
    assert [(each.symbol, each.opened_at) for each in done] == [
        ("AAPL", NOW),
        ("NEWN", NOW + timedelta(minutes=2)),
    ]


def test_a_bust_opens_the_trade_again() -> None:
    activities = (bought(0, "10", "50"), sold(1, "4", "51"), sold(2, "6", "52"))
    bust = FillBust("x", "s2", **at(3))
    assert trades(*activities, bust) == ()
    (trade,) = trades(*activities, bust, sold(4, "6", "53"))
    assert (trade.pnl, trade.closed_at) == (D(4 + 18 - 3), NOW + timedelta(minutes=4))


def test_removed_shares_are_no_part_of_the_trade() -> None:
    removed = Adjustment("A1", "AAPL", D(-4), D(50), D(0), "sold elsewhere", **at(1))
    (trade,) = trades(bought(0, "10", "50"), removed, sold(2, "6", "52"))
    assert (trade.quantity, trade.exit_reason) == (D(6), "signal")


Deal = tuple[int, str]


@given(st.lists(st.tuples(st.integers(-5, 5).filter(bool), st.sampled_from(["50", "51", "52"])), max_size=25))
def test_trades_are_what_lies_between_two_moments_without_shares(deals: list[Deal]) -> None:
    fills = [
        (bought if shares > 0 else sold)(minute, str(abs(shares)), price, fee=D(0))
        for minute, (shares, price) in enumerate(deals)
    ]
    found = trades(*fills)
    assert [(each.opened_at, each.closed_at, each.pnl) for each in found] == list(_walked(fills))


def _walked(fills: Iterable[Fill]) -> Iterable[tuple[Any, Any, Decimal]]:
    """Opening, end and P&L of each round trip, from the running position and the cash alone."""
    position, cash, opened = D(0), D(0), None
    for each in fills:
        left = each.side.sign * each.quantity
        if position and position * left < 0:
            closing = max(-abs(position), -abs(left)).copy_sign(left)
            position, cash, left = position + closing, cash - closing * each.price, left - closing
            if position == 0:
                yield opened, each.at, cash
                cash = D(0)
        if left:
            opened = each.at if position == 0 else opened
            position, cash = position + left, cash - left * each.price


def test_a_history_that_is_booked_again_keeps_its_trades() -> None:
    late = replace(split("2", "10", "20"), effective_at=NOW + timedelta(minutes=1), **at(5))
    (trade,) = trades(bought(0, "10", "100"), sold(2, "20", "55"), late)
    assert (trade.quantity, trade.entry_price, trade.pnl) == (D(20), D(50), D(98))


def test_a_round_trip_that_is_not_over_is_open_since_its_first_fill_with_what_was_earned_so_far() -> None:
    before = (bought(0, "10", "50"), sold(1, "10", "51"))
    activities = (*before, bought(60, "10", "50"), bought(61, "30", "52"), sold(200, "20", "53"))
    (trade,) = open_round_trips(*booked(*activities))
    assert (trade.symbol, trade.strategy, trade.side, trade.quantity) == ("AAPL", "trend", Side.BUY, D(20))
    assert (trade.entry_price, trade.opened_at) == (D(52), NOW + timedelta(minutes=60))
    assert trade.entry_session == TODAY + timedelta(days=1)
    closures, _, _ = booked(*activities)
    assert trade.realised == sum(each.pnl for each in closures[1:]), "without the round trip before it"
    assert trade.fees == D("3.00"), "of two fills in and one out"
    assert (trade.entries, trade.exits) == (2, 1)
    assert len(trades(*activities)) == 1
