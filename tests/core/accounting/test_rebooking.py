"""What is told late is booked at its place: lots and round trips are as if it had been told in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, D, fill, intent, limits_with, order_id, reorganisation, split
from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.accounting.rebooking import Newest, comes_last, in_order, symbols_of
from tradebot.core.model.account import ActionKind, Bookable, Fill, Reorganisation, SplitEvent
from tradebot.core.model.holdings import FOREIGN, Holding, Lot, LotClosure
from tradebot.core.model.ledger_rows import BookedActivity, Booking, SymbolHistory, SymbolState
from tradebot.core.model.orders import OrderState, Purpose, Side

ENTRY = Owner("trend", intent(state=OrderState.FILLED), Purpose.ENTRY, "it rises")
OWNERS = {
    order_id(): ENTRY,
    "leg": Owner("trend", ENTRY.intent, Purpose.STOP, ""),
    "exit": Owner("trend", intent(purpose=Purpose.EXIT), Purpose.EXIT, "exit signal: it falls"),
}

#: A lot closure without what says why it was closed.
NO_EXIT: Any = {"exit_kind": None, "stop_price": None, "target_price": None, "trailed_from": None}


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def book(*activities: Bookable, owners: dict[str, Owner] | None = None) -> tuple[Booking, ...]:
    """Book everything from an empty start, with the past at hand."""
    histories = {"AAPL": SymbolHistory(), "NEWN": SymbolHistory()}
    return bookings_for(activities, (), (), OWNERS if owners is None else owners, limits_with(), histories)


def bought(fill_id: str = "f1", quantity: str = "100", price: str = "50", minute: int = 0, **more: str) -> Fill:
    return fill(fill_id, Side.BUY, quantity, price, at=at(minute), **more)


def sold(
    fill_id: str = "f2", quantity: str = "200", price: str = "24", minute: int = 20, by: str = "leg", **more: str
) -> Fill:
    return fill(fill_id, Side.SELL, quantity, price, at=at(minute), client_order_id=by, **more)


def doubled(before: str = "100", minute: int = 10) -> SplitEvent:
    """A split 2:1 that is told an hour later."""
    event = split("2", before, str(Decimal(before) * 2))
    return replace(event, at=at(minute + 60), effective_at=at(minute))


def renamed(minute: int = 10) -> Reorganisation:
    return replace(reorganisation(ActionKind.NAME_CHANGE, "NEWN"), at=at(minute + 60), effective_at=at(minute))


def trades_of(bookings: Iterable[Booking]) -> dict[str, LotClosure]:
    """The round trips that stand after all of it."""
    trades: dict[str, LotClosure] = {}
    for booking in bookings:
        for trade in booking.undone:
            del trades[trade.trade_id]
        assert not trades.keys() & {trade.trade_id for trade in booking.closures}, "ids of round trips never repeat"
        trades |= {trade.trade_id: trade for trade in booking.closures}
    return trades


def states_of(bookings: Iterable[Booking]) -> dict[str, SymbolState]:
    """The symbols after all of it."""
    states: dict[str, SymbolState] = {}
    for booking in bookings:
        assert booking.symbol is not None
        states[booking.symbol] = SymbolState(booking.symbol, booking.lots, booking.holding)
        states |= {other.symbol: other for other in booking.others}
    return states


def lots_of(bookings: Iterable[Booking]) -> dict[str, tuple[Lot, ...]]:
    """The open lots by symbol after all of it."""
    return {symbol: state.lots for symbol, state in states_of(bookings).items() if state.lots}


def holding_of(bookings: Iterable[Booking], symbol: str = "AAPL") -> Holding | None:
    return states_of(bookings).get(symbol, SymbolState(symbol)).holding


# --- splits --------------------------------------------------------------------------------


def test_a_stop_over_all_shares_of_a_split_that_is_told_late_ends_the_holding_with_its_profit() -> None:
    bookings = book(bought(), sold(), doubled())
    assert lots_of(bookings) == {}
    assert holding_of(bookings) is None
    (trade,) = trades_of(bookings).values()
    assert (trade.trade_id, trade.quantity, trade.entry_price, trade.exit_price) == ("f1/f2@s1", D(200), D(25), D(24))
    assert (trade.pnl, trade.exit_reason) == (D(-202), "stop")
    assert [each.trade_id for each in bookings[-1].undone] == ["f1/f2"]


def test_shares_that_are_left_of_a_sale_that_looked_like_all_come_back_with_their_plan() -> None:
    bookings = book(bought(), sold(quantity="100", by="exit"), doubled())
    held = holding_of(bookings)
    assert held is not None
    assert (held.strategy, held.quantity, held.entry_price, held.stop_price) == ("trend", D(100), D(25), D("24.5"))
    assert held.target_price == D(26)


def test_shares_that_are_left_of_a_sale_of_more_than_the_ledger_knew_come_back_too() -> None:
    bookings = book(bought(), sold(quantity="150", by="exit"), doubled())
    held = holding_of(bookings)
    assert held is not None and (held.quantity, held.stop_price) == (D(50), D("24.5"))
    assert [lot.quantity for lot in lots_of(bookings)["AAPL"]] == [D(50)]


def test_a_plan_that_was_raised_before_the_split_moves_with_it() -> None:
    first, *_ = book(bought())
    assert first.holding is not None
    raised = replace(first.holding, stop_price=D("49.5"), high_water=D(52))
    past = {"AAPL": SymbolHistory((BookedActivity(bought(), "trend"),))}
    activities = sold(quantity="40", by="exit"), doubled()
    *_, last = bookings_for(activities, first.lots, [raised], OWNERS, limits_with(), past)
    assert last.holding is not None
    assert (last.holding.quantity, last.holding.stop_price, last.holding.high_water) == (D(160), D("24.75"), D(26))


def test_a_holding_that_began_after_the_split_stays_as_it_is() -> None:
    later = replace(bought("f3", "10", "26", 30), client_order_id="again")
    owners = {**OWNERS, "again": Owner("trend", intent(), Purpose.ENTRY, "")}
    *_, entered, last = book(bought(), sold(), later, doubled(), owners=owners)
    assert entered.holding is None or entered.holding.quantity < 0  # the ledger cannot know it yet
    assert last.holding is not None
    assert (last.holding.quantity, last.holding.entry_price) == (D(10), D(26))
    assert last.holding.stop_price == D(49)  # that of its own entry


def test_a_late_event_is_booked_for_the_strategy_that_held_its_shares() -> None:
    *_, last = book(bought(), sold(), doubled())
    assert last.strategy == "trend"
    *_, foreign = book(bought(), sold(), doubled(), owners={})
    assert foreign.strategy == FOREIGN


def test_a_fill_from_before_a_split_that_is_told_after_it_comes_before_it() -> None:
    bookings = book(bought(), doubled("150"), bought("f3", "50", "51", 5))
    assert [(lot.quantity, lot.price) for lot in lots_of(bookings)["AAPL"]] == [(D(200), D(25)), (D(100), D("25.5"))]
    held = holding_of(bookings)
    assert held is not None and (held.quantity, held.stop_price) == (D(300), D("24.5"))


def test_events_and_fills_of_one_instant_are_in_this_order() -> None:
    activities = [BookedActivity(each, "") for each in (bought(minute=10), bought("f0", minute=9), doubled())]
    assert [booked.activity for booked in in_order(activities)] == [
        bought("f0", minute=9),
        doubled(),
        bought(minute=10),
    ]


# --- names ---------------------------------------------------------------------------------


def test_a_sale_under_the_new_name_ends_the_holding_of_the_old_one() -> None:
    bookings = book(bought(), sold(quantity="100", price="55", symbol="NEWN", by="exit"), renamed())
    assert lots_of(bookings) == {}
    assert holding_of(bookings) is None and holding_of(bookings, "NEWN") is None
    (trade,) = trades_of(bookings).values()
    assert (trade.symbol, trade.strategy, trade.entry_price, trade.pnl) == ("NEWN", "trend", D(50), D(498))
    assert trade.exit_reason == "exit signal: it falls"


def test_what_is_left_goes_on_under_the_new_name_with_its_plan() -> None:
    bookings = book(bought(), sold(quantity="40", price="55", symbol="NEWN", by="exit"), renamed())
    assert [(lot.quantity, lot.symbol) for lot in lots_of(bookings)["NEWN"]] == [(D(60), "NEWN")]
    held = holding_of(bookings, "NEWN")
    assert held is not None
    assert (held.quantity, held.entry_price, held.stop_price, held.target_price) == (D(60), D(50), D(49), D(52))


def test_a_split_from_before_a_change_of_name_moves_the_shares_under_the_new_one() -> None:
    name = replace(renamed(15), quantity_before=D(200), quantity_after=D(200))
    bookings = book(bought(), name, sold(quantity="40", symbol="NEWN"), doubled())
    assert [(lot.quantity, lot.price) for lot in lots_of(bookings)["NEWN"]] == [(D(160), D(25))]
    held = holding_of(bookings, "NEWN")
    assert held is not None and (held.quantity, held.stop_price) == (D(160), D("24.5"))


# --- whatever the order --------------------------------------------------------------------

Step = tuple[str, int, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 40), st.integers(1, 20_000)),
        st.tuples(st.just("split"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("rename"), st.just(0), st.just(0)),
    ),
    max_size=20,
)


def played(steps: Sequence[Step]) -> list[Fill | SplitEvent | Reorganisation]:
    """The steps as activities. AAPL takes the name NEWN at most once."""
    done: list[Fill | SplitEvent | Reorganisation] = []
    symbol, held = "AAPL", D(0)
    for place, (what, number, cents) in enumerate(steps):
        later, now = at(1000 + place), at(place)
        if what == "split" and held:
            ratio = (D(2), D("1.5"), D(4), D("0.5"))[number]
            after = (held * ratio).quantize(D(1), rounding="ROUND_DOWN")
            event = split(str(ratio), str(held), str(after), symbol)
            done.append(replace(event, event_id=f"s{place}", at=later, effective_at=now))
            held = after
        elif what == "rename" and held and symbol == "AAPL":
            name = reorganisation(ActionKind.NAME_CHANGE, "NEWN", quantity_before=held, quantity_after=held)
            done.append(replace(name, event_id=f"n{place}", at=later, effective_at=now))
            symbol = "NEWN"
        elif what in ("buy", "sell"):
            made = fill(f"f{place}", Side(what), str(number), str(D(cents) / 100), at=now, symbol=symbol)
            held += made.side.sign * made.quantity
            done.append(made)
    return done


def told_in_another_order(
    done: Sequence[Fill | SplitEvent | Reorganisation], places: Sequence[int]
) -> list[Fill | SplitEvent | Reorganisation]:
    """The fills in their order, and each event at any place among them."""
    told: list[Fill | SplitEvent | Reorganisation] = [each for each in done if isinstance(each, Fill)]
    events = (each for each in done if not isinstance(each, Fill))
    for event, place in zip(events, places, strict=False):
        told.insert(place % (len(told) + 1), event)
    return told


def standing(bookings: Sequence[Booking]) -> list[LotClosure]:
    """The round trips that stand, under the names that they have where nothing is late, in the order of those."""
    trades = trades_of(bookings).values()
    plain = (replace(each, trade_id=each.trade_id.partition("@")[0], exit_reason="", **NO_EXIT) for each in trades)
    return sorted(plain, key=lambda trade: trade.trade_id)


@given(STEPS, st.lists(st.integers(0, 40), min_size=20, max_size=20))
def test_the_books_are_the_same_in_whatever_order_events_are_told(steps: Sequence[Step], places: Sequence[int]) -> None:
    done = played(steps)
    in_time, late = book(*done), book(*told_in_another_order(done, places))
    assert lots_of(late) == lots_of(in_time)
    assert standing(late) == standing(in_time)


@given(STEPS, st.lists(st.integers(0, 40), min_size=20, max_size=20), st.integers(0, 20))
def test_a_ledger_that_is_asked_for_the_past_books_as_one_that_saw_it(
    steps: Sequence[Step], places: Sequence[int], cut: int
) -> None:
    """The same activities in two batches, the second with the past that a ledger would give, come to the same."""
    told = told_in_another_order(played(steps), places)
    whole, first = book(*told), book(*told[:cut])
    past = {symbol: SymbolHistory() for symbol in ("AAPL", "NEWN")}
    for booking in first:
        done = booking.activity
        assert isinstance(done, Fill | SplitEvent | Reorganisation)
        for symbol in symbols_of(done):
            activities = (*past[symbol].activities, BookedActivity(done, booking.strategy))
            past[symbol] = replace(past[symbol], activities=activities)
    for symbol, history in past.items():
        trades = tuple(trade for trade in trades_of(first).values() if trade.symbol == symbol)
        past[symbol] = replace(history, closures=trades)
    lots = [lot for open_lots in lots_of(first).values() for lot in open_lots]
    second = bookings_for(told[cut:], lots, (), OWNERS, limits_with(), past)
    assert lots_of([*first, *second]) == lots_of(whole)
    assert standing([*first, *second]) == standing(whole)


@given(STEPS, st.lists(st.integers(0, 40), min_size=20, max_size=20))
def test_a_holding_covers_what_is_left_of_ours(steps: Sequence[Step], places: Sequence[int]) -> None:
    late = book(*told_in_another_order(played(steps), places))
    for symbol in ("AAPL", "NEWN"):
        held, lots = holding_of(late, symbol), lots_of(late).get(symbol, ())
        assert (held.quantity if held else D(0)) == sum((lot.quantity for lot in lots), D(0))


EVENTS = (doubled(), replace(doubled(), effective_at=None))
MOMENTS = [BookedActivity(bought(minute=minute), "trend") for minute in range(3)] + [
    BookedActivity(replace(event, at=at(minute), effective_at=event.effective_at and at(minute)), "trend")
    for minute in range(3)
    for event in EVENTS
]


@given(st.lists(st.sampled_from(MOMENTS), max_size=5), st.sampled_from(MOMENTS))
def test_what_comes_last_stands_last_in_the_order_of_effects(past: list[BookedActivity], new: BookedActivity) -> None:
    new = replace(new, strategy="new")
    is_last = in_order((*past, new))[-1] is new
    assert comes_last({"AAPL": SymbolHistory(tuple(past))}, new) is is_last
    newest = Newest()
    for booked in past:
        newest = newest.with_activity(booked)
    assert newest.is_before(new) is is_last
