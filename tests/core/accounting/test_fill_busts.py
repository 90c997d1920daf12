"""Busted and corrected fills: the books are as if the fill had never been, and say which rows that changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, POLICY, TODAY, D, fill, intent, limits_with, order_id, split
from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.model.account import Bookable, Fill, FillBust, SplitEvent
from tradebot.core.model.holdings import FOREIGN, Lot, LotClosure
from tradebot.core.model.ledger_rows import BookedActivity, Booking, SymbolHistory
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side

ENTRY = Owner("trend", intent(state=OrderState.FILLED), Purpose.ENTRY, "it rises")
LEG = Owner("trend", ENTRY.intent, Purpose.STOP, "")
EXIT = Owner("trend", intent(purpose=Purpose.EXIT), Purpose.EXIT, "exit signal: it falls")
OWNERS = {order_id(): ENTRY, "leg": LEG, "exit": EXIT}

#: A lot closure without what says why it was closed.
NO_EXIT: Any = {"exit_kind": None, "stop_price": None, "target_price": None, "trailed_from": None}


def bust(fill_id: str, event_id: str = "x1") -> FillBust:
    return FillBust(event_id, fill_id, NOW, TODAY)


def book(*activities: Bookable, owners: dict[str, Owner] | None = None) -> tuple[Booking, ...]:
    """Book everything from an empty start, with the past of the one symbol at hand."""
    return bookings_for(
        activities, (), (), OWNERS if owners is None else owners, limits_with(), {"AAPL": SymbolHistory()}
    )


def bought(fill_id: str = "f1", quantity: str = "100", price: str = "50") -> Fill:
    return fill(fill_id, Side.BUY, quantity, price)


def sold(fill_id: str = "f2", quantity: str = "100", price: str = "55", by: str = "exit") -> Fill:
    return fill(fill_id, Side.SELL, quantity, price, client_order_id=by)


def done_by(bookings: Iterable[Booking]) -> tuple[BookedActivity, ...]:
    """What a ledger would give of these bookings as the past."""
    gone = {each.activity.fill_id for each in bookings if isinstance(each.activity, FillBust)}
    return tuple(
        BookedActivity(each.activity, each.strategy)
        for each in bookings
        if isinstance(each.activity, SplitEvent)
        or (isinstance(each.activity, Fill) and each.activity.fill_id not in gone)
    )


def trades_of(bookings: Iterable[Booking]) -> tuple[LotClosure, ...]:
    """The round trips that stand after all of it."""
    trades: dict[str, LotClosure] = {}
    for booking in bookings:
        for trade in booking.undone:
            del trades[trade.trade_id]
        trades.update({trade.trade_id: trade for trade in booking.closures})
    return tuple(trades.values())


def test_a_busted_entry_was_never_bought() -> None:
    *_, last = book(bought(), bust("f1"))
    assert (last.lots, last.holding, last.closures, last.undone) == ((), None, (), ())
    assert last.busted == bought()
    assert (last.strategy, last.symbol) == ("trend", "AAPL")


def test_a_busted_part_of_an_entry_leaves_the_plan_for_the_rest() -> None:
    first, _, last = book(bought("f1", "60"), bought("f2", "40", "50.10"), bust("f2"))
    assert last.lots == first.lots
    assert last.holding is not None
    assert (last.holding.quantity, last.holding.entry_price, last.holding.stop_price) == (D(60), D(50), D(49))


def test_a_busted_sale_undoes_its_round_trip_and_brings_the_holding_back() -> None:
    entered, left, last = book(bought(), sold(), bust("f2"))
    assert last.undone == left.closures
    assert last.closures == ()
    assert last.lots == entered.lots
    assert last.holding == entered.holding


def test_a_stop_that_had_been_raised_before_it_filled_comes_back_where_it_was() -> None:
    request = replace(intent(purpose=Purpose.STOP).request, type=OrderType.STOP, stop_price=D("53.5"))
    raised = Owner("trend", replace(intent(purpose=Purpose.STOP), request=request), Purpose.STOP, "")
    *_, last = book(bought(), sold(by="raised"), bust("f2"), owners={**OWNERS, "raised": raised})
    assert last.holding is not None
    assert (last.holding.stop_price, last.holding.policy) == (D("53.5"), POLICY)


def test_shares_that_come_back_once_another_strategy_has_the_symbol_are_covered_by_its_holding() -> None:
    """One strategy has a symbol at a time, and its stop is the one that can protect what a bust revives."""
    decided = intent(quantity="40", strategy="later", state=OrderState.FILLED)
    owners = {**OWNERS, "later": Owner("later", decided, Purpose.ENTRY, "it rises")}
    entered = fill("f3", Side.BUY, "40", "56", client_order_id="later")
    *_, last = book(bought(), sold(), entered, bust("f2"), owners=owners)
    assert [(lot.strategy, lot.quantity) for lot in last.lots] == [("trend", D(100)), ("later", D(40))]
    assert last.holding is not None
    assert (last.holding.strategy, last.holding.quantity, last.holding.stop_price) == ("later", D(140), D(49))


def test_the_holding_stays_until_the_revived_shares_of_another_strategy_are_sold_too() -> None:
    owners = {**OWNERS, "later": Owner("later", intent(strategy="later"), Purpose.ENTRY, "it rises")}
    owners["leaves"] = Owner("later", intent(strategy="later", purpose=Purpose.EXIT), Purpose.EXIT, "it falls")
    entered = fill("f3", Side.BUY, "40", "56", client_order_id="later")
    *_, half, whole = book(
        bought(), sold(), entered, bust("f2"), sold("f4", "40", by="leaves"), sold("f5", by="leaves"), owners=owners
    )
    assert [(lot.strategy, lot.quantity) for lot in half.lots] == [("trend", D(100))]
    assert half.holding is not None
    assert (half.holding.strategy, half.holding.quantity) == ("later", D(100))
    assert (whole.lots, whole.holding) == ((), None)


def test_a_busted_opening_whose_shares_were_sold_leaves_the_short_that_the_broker_shows() -> None:
    *_, last = book(bought(), sold(), bust("f1"))
    assert [(each.quantity, each.price) for each in last.lots] == [(D(-100), D(55))]
    assert [trade.trade_id for trade in last.undone] == ["f1/f2"]
    assert last.holding is not None
    assert (last.holding.quantity, last.holding.stop_price) == (D(-100), D("56.10"))  # 2 % above, the default


def test_a_round_trip_that_comes_out_differently_is_undone_and_made_anew_under_the_busts_name() -> None:
    """First in, first out: without the first purchase the sale closes the second one, at another price."""
    *_, left, last = book(bought("f1", "60", "50"), bought("f2", "60", "51"), sold("f3", "60"), bust("f1"))
    assert [trade.trade_id for trade in left.closures] == ["f1/f3"]
    assert last.undone == left.closures
    assert [(trade.trade_id, trade.entry_price, trade.exit_reason) for trade in last.closures] == [
        ("f2/f3@x1", D(51), "exit signal: it falls")
    ]
    assert last.lots == ()


def test_a_second_bust_undoes_what_the_first_one_made() -> None:
    *_, first, second = book(
        bought("f1", "60"), bought("f2", "60", "51"), sold("f3", "60"), bust("f1"), bust("f3", "x2")
    )
    assert second.undone == first.closures
    assert [each.lot_id for each in second.lots] == ["f2"]


def test_round_trips_of_earlier_positions_stay() -> None:
    *_, last = book(bought("f1"), sold("f2"), bought("f3"), sold("f4"), bust("f4"))
    assert [trade.trade_id for trade in last.undone] == ["f3/f4"]


def test_a_correction_is_a_bust_and_a_new_fill_and_keeps_the_plan_of_the_position() -> None:
    raised = Owner("trend", replace(intent(), request=replace(intent().request, stop_loss=None)), Purpose.ENTRY, "")
    entered, *_ = book(bought())
    assert entered.holding is not None
    held = replace(entered.holding, stop_price=D("51.5"), high_water=D(54))
    _, corrected = bookings_for(
        [bust("f1"), bought("f9", price="50.20")],
        entered.lots,
        [held],
        {order_id(): raised},
        limits_with(),
        {"AAPL": SymbolHistory(done_by([entered]))},
    )
    assert corrected.holding == replace(held, entry_price=D("50.20"))


def test_a_bust_over_a_split_counts_shares_as_they_are_now() -> None:
    *_, last = book(bought("f1"), split("2", "100", "200"), sold("f2", "200", "27"), bust("f2"))
    assert [(each.quantity, each.price) for each in last.lots] == [(D(200), D(25))]
    assert last.holding is not None
    assert (last.holding.stop_price, last.holding.target_price) == (D("24.5"), D(26))


def test_a_bust_of_a_fill_that_is_not_known_changes_nothing() -> None:
    first, last, again = book(bought(), bust("f7"), bust("f7", "x2"))
    assert (last.symbol, last.busted, last.strategy) == (None, None, FOREIGN)
    assert again.busted is None
    assert first.lots


def test_a_fill_is_busted_once() -> None:
    *_, last = book(bought("f1"), bought("f2"), bust("f1"), bust("f1", "x2"))
    assert last.busted is None


def test_a_bust_leaves_other_symbols_alone() -> None:
    owners = {**OWNERS, "ibm": Owner(FOREIGN, None, Purpose.ENTRY, "")}
    other = fill("f3", symbol="IBM", client_order_id="ibm")
    *_, last = bookings_for(
        [bought(), other, bust("f3")], (), (), owners, limits_with(), {"AAPL": SymbolHistory(), "IBM": SymbolHistory()}
    )
    assert (last.symbol, last.lots) == ("IBM", ())


# --- whatever the order ------------------------------------------------------------------

Step = tuple[str, int, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 40), st.integers(1, 20_000)),
        st.tuples(st.just("split"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("bust"), st.integers(0, 30), st.just(0)),
    ),
    max_size=25,
)


def played(steps: Sequence[Step]) -> list[Bookable]:
    """The steps as activities. A bust takes any fill since the newest split, as the exchange allows."""
    done: list[Bookable] = []
    fills: list[Fill] = []
    held = D(0)
    for place, (what, number, cents) in enumerate(steps):
        if what == "split":
            ratio = (D(2), D("1.5"), D(4))[number]
            after = (held * ratio).quantize(D(1), rounding="ROUND_DOWN")
            if held:
                done.append(SplitEvent(f"s{place}", "AAPL", ratio, held, after, NOW + timedelta(minutes=place), TODAY))
            held, fills = after, []
        elif what == "bust":
            if fills:
                busted = fills.pop(number % len(fills))
                held -= busted.side.sign * busted.quantity
                done.append(FillBust(f"x{place}", busted.fill_id, NOW, TODAY))
        else:
            made = fill(f"f{place}", Side(what), str(number), str(D(cents) / 100), at=NOW + timedelta(minutes=place))
            held += made.side.sign * made.quantity
            fills.append(made)
            done.append(made)
    return done


def standing(bookings: Sequence[Booking]) -> list[LotClosure]:
    """The round trips that stand, under the names that they have without any bust, in the order of those."""
    plain = (
        replace(each, trade_id=each.trade_id.partition("@")[0], exit_reason="", **NO_EXIT)
        for each in trades_of(bookings)
    )
    return sorted(plain, key=lambda trade: trade.trade_id)


def lots_after(bookings: Sequence[Booking]) -> tuple[Lot, ...]:
    return bookings[-1].lots if bookings else ()


@given(STEPS)
def test_the_books_are_as_if_a_busted_fill_had_never_been(steps: Sequence[Step]) -> None:
    done = played(steps)
    busted = {each.fill_id for each in done if isinstance(each, FillBust)}
    never = [each for each in done if not isinstance(each, FillBust) and getattr(each, "fill_id", None) not in busted]
    with_busts, without = book(*done, owners={}), book(*never, owners={})
    assert lots_after(with_busts) == lots_after(without)
    assert standing(with_busts) == standing(without)


@given(STEPS, st.integers(0, 25))
def test_a_ledger_that_is_asked_for_the_past_books_as_one_that_saw_it(steps: Sequence[Step], cut: int) -> None:
    """The same activities in two batches, the second with the past that a ledger would give, come to the same."""
    done = played(steps)
    whole = book(*done, owners={})
    first = bookings_for(done[:cut], (), (), {}, limits_with(), {"AAPL": SymbolHistory()})
    past = SymbolHistory(done_by(first), trades_of(first))
    second = bookings_for(done[cut:], lots_after(first), (), {}, limits_with(), {"AAPL": past})
    assert lots_after([*first, *second]) == lots_after(whole)
    assert standing([*first, *second]) == standing(whole)
