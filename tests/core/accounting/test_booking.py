from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.builders import POLICY, TODAY, D, cash, fill, holding, intent, limits_with, lot, split
from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.model.account import Activity, CashKind, Fill
from tradebot.core.model.exits import Exit, ExitKind
from tradebot.core.model.holdings import FOREIGN, Holding, Lot
from tradebot.core.model.ledger_rows import Booking
from tradebot.core.model.orders import OrderState, Purpose, Side
from tradebot.core.model.signals import ExitPolicy

ENTRY = Owner("trend", intent(state=OrderState.FILLED), Purpose.ENTRY, "it rises")
LEG = Owner("trend", ENTRY.intent, Purpose.STOP, "")
EXIT = Owner("trend", intent(purpose=Purpose.EXIT), Purpose.EXIT, "exit signal: it falls")


def book(
    *activities: Activity, owner: Owner | None = None, lots: tuple[Lot, ...] = (), holdings: tuple[Holding, ...] = ()
) -> tuple[Booking, ...]:
    ids = [each.client_order_id for each in activities if isinstance(each, Fill)]
    return bookings_for(activities, lots, holdings, {each: owner for each in ids if owner}, limits_with())


def test_an_entry_makes_a_holding_with_the_brackets_own_prices() -> None:
    (booking,) = book(fill("f1", Side.BUY, "100", "50.03"), owner=ENTRY)
    assert (booking.strategy, booking.symbol, booking.closures) == ("trend", "AAPL", ())
    assert [each.lot_id for each in booking.lots] == ["f1"]
    assert booking.holding == Holding(
        strategy="trend",
        symbol="AAPL",
        quantity=D(100),
        entry_price=D("50.03"),
        stop_price=D(49),
        target_price=D(52),
        high_water=D("50.03"),
        policy=POLICY,
        opened_session=TODAY,
    )


def test_partial_fills_of_an_entry_average_the_entry_price() -> None:
    first, second = book(fill("f1", Side.BUY, "60", "50"), fill("f2", Side.BUY, "40", "50.10"), owner=ENTRY)
    assert first.holding is not None
    assert second.holding is not None
    assert (first.holding.quantity, first.holding.entry_price) == (D(60), D(50))
    assert (second.holding.quantity, second.holding.entry_price) == (D(100), D("50.04"))
    assert second.holding.high_water == D("50.04")
    assert len(second.lots) == 2


HELD: dict[str, Any] = {"lots": (lot("f0"),), "holdings": (holding(target_price=D(52)),)}


@pytest.mark.parametrize(
    ("owner", "price", "reason", "kind"),
    [
        (LEG, "48.97", "stop", ExitKind.STOP),
        (LEG, "52.00", "target", ExitKind.TARGET),
        (LEG, "53.10", "target", ExitKind.TARGET),
        (EXIT, "50.50", "exit signal: it falls", ExitKind.SIGNAL),
        (Owner("trend", None, Purpose.CLOSE, "emergency stop"), "50", "emergency stop", ExitKind.EMERGENCY_STOP),
        (None, "50", "closed outside tradebot", ExitKind.OUTSIDE),
    ],
)
def test_a_close_ends_the_holding_and_says_why(owner: Owner | None, price: str, reason: str, kind: ExitKind) -> None:
    (booking,) = book(fill("f1", Side.SELL, "100", price), owner=owner, **HELD)
    assert booking.holding is None
    assert booking.lots == ()
    (closure,) = booking.closures
    held = HELD["holdings"][0]
    assert (closure.strategy, closure.exit) == ("trend", Exit(reason, kind, held.stop_price, held.target_price))


def test_a_shorts_target_lies_below() -> None:
    short: dict[str, Any] = {
        "lots": (lot("f0", "-100"),),
        "holdings": (holding(quantity="-100", stop="51", target_price=D(48)),),
    }
    reasons = [
        book(fill("f1", Side.BUY, "100", price), owner=LEG, **short)[0].closures[0].exit_reason
        for price in ("47.90", "51.05")
    ]
    assert reasons == ["target", "stop"]


def test_a_partial_close_shrinks_the_holding_and_keeps_its_plan() -> None:
    (booking,) = book(fill("f1", Side.SELL, "30"), owner=EXIT, **HELD)
    assert booking.holding == replace(HELD["holdings"][0], quantity=D(70))


def test_a_foreign_fill_makes_no_holding_and_its_lots_explain_the_position() -> None:
    (booking,) = book(fill("f1", Side.BUY, "10"))
    assert (booking.strategy, booking.holding) == (FOREIGN, None)
    assert [(each.strategy, each.quantity) for each in booking.lots] == [(FOREIGN, D(10))]


def test_a_foreign_purchase_leaves_our_holding_as_it_is() -> None:
    (booking,) = book(fill("f1", Side.BUY, "10"), **HELD)
    assert (booking.strategy, booking.holding) == (FOREIGN, HELD["holdings"][0])
    assert [each.quantity for each in booking.lots] == [D(100), D(10)]


def test_a_sale_by_hand_shrinks_our_holding() -> None:
    (booking,) = book(fill("f1", Side.SELL, "40"), **HELD)
    assert booking.strategy == FOREIGN
    assert booking.holding is not None
    assert booking.holding.quantity == 60


def test_a_sale_of_more_than_was_held_turns_into_a_short_of_ours_that_has_a_stop() -> None:
    (booking,) = book(fill("f1", Side.SELL, "130", "50"), owner=EXIT, **HELD)
    assert [trade.quantity for trade in booking.closures] == [D(100)]
    assert booking.holding is not None
    assert (booking.holding.quantity, booking.holding.stop_price) == (D(-30), D(51))  # the default, 2 % above


def test_an_entry_without_a_known_order_gets_the_accounts_default_stop() -> None:
    (booking,) = book(fill("f1", Side.BUY), owner=Owner("trend", None, Purpose.ENTRY, ""))
    assert booking.holding is not None
    assert (booking.holding.stop_price, booking.holding.target_price) == (D(49), None)
    assert booking.holding.policy == ExitPolicy()


def test_a_later_entry_begins_anew() -> None:
    bookings = book(
        fill("f1", Side.BUY, "100", "50"), fill("f2", Side.SELL, "100", "55"), fill("f3", Side.BUY), owner=ENTRY
    )
    assert bookings[1].holding is None
    assert bookings[2].holding is not None
    assert bookings[2].holding.high_water == 50


def test_a_split_rescales_lots_and_holding_and_rounds_prices_to_the_nearest_tick() -> None:
    held = holding(quantity="100", entry="50.05", stop="49.01", target_price=D("57.57"), high_water=D("51.05"))
    (booking,) = book(split("2", "100", "200"), lots=(lot("f0", "100", "50.05"),), holdings=(held,))
    assert booking.strategy == "trend"
    assert booking.holding == replace(
        held,
        quantity=D(200),
        entry_price=D("25.025"),
        stop_price=D("24.50"),
        target_price=D("28.78"),
        high_water=D("25.52"),
    )
    assert [each.quantity for each in booking.lots] == [D(200)]


def test_a_split_that_leaves_nothing_ends_the_holding() -> None:
    held = holding(quantity="3")
    (booking,) = book(split("0.1", "3", "0"), lots=(lot("f0", "3"),), holdings=(held,))
    assert (booking.holding, booking.lots, len(booking.closures)) == (None, (), 1)


def test_a_split_of_a_foreign_position_makes_no_holding() -> None:
    (booking,) = book(split("2", "10", "20"), lots=(lot("f0", "10", strategy=FOREIGN),))
    assert (booking.strategy, booking.holding) == (FOREIGN, None)
    assert booking.lots[0].quantity == 20


def test_a_dividend_belongs_to_the_holder_and_changes_nothing_else() -> None:
    paid = cash("30.80", symbol="AAPL")
    assert book(paid, **HELD) == (Booking(paid, "trend", "AAPL", HELD["lots"], (), HELD["holdings"][0]),)
    assert book(paid) == (Booking(paid, FOREIGN, "AAPL"),)


def test_a_deposit_has_no_symbol() -> None:
    deposit = cash("100000", CashKind.DEPOSIT)
    assert book(deposit, **HELD) == (Booking(deposit, FOREIGN, None),)


def test_activities_build_on_each_other_in_their_order() -> None:
    bookings = book(
        fill("f1", Side.BUY, "100", "50"),
        split("2", "100", "200"),
        cash("10", symbol="AAPL"),
        fill("f2", Side.SELL, "200", "26", parent_client_order_id="parent"),
        owner=ENTRY,
    )
    assert [each.holding.quantity if each.holding else 0 for each in bookings] == [100, 200, 200, 0]
    assert [trade.pnl for trade in bookings[-1].closures] == [D(200 * 26 - 100 * 50 - 2)]


def test_symbols_do_not_touch_each_other() -> None:
    other = fill("f1", Side.BUY, "5", "10", symbol="MSFT")
    (booking,) = book(other, **HELD)
    assert booking.symbol == "MSFT"
    assert [each.symbol for each in booking.lots] == ["MSFT"]
