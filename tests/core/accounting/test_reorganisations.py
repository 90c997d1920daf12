"""Lots and holdings of a symbol that takes another name, becomes shares of another company, or ends for cash."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D, fill, holding, limits_with, lot, reorganisation
from tradebot.core.accounting.booking import bookings_for
from tradebot.core.accounting.reorganisations import book_reorganisation, text_of
from tradebot.core.model.account import ActionKind, Activity
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Booking
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO

HELD: dict[str, Any] = {"lots": (lot("f0"),), "holdings": (holding(target_price=D(60), high_water=D(55)),)}


def book(*activities: Activity, **held: Any) -> list[Booking]:
    given = {"lots": (), "holdings": (), **held}
    return list(bookings_for(activities, given["lots"], given["holdings"], {}, limits_with()))


def test_a_renamed_holding_goes_on_with_its_lots_stop_target_and_high_water() -> None:
    (booking,) = book(reorganisation(ActionKind.NAME_CHANGE, "NEWN"), **HELD)
    assert (booking.symbol, booking.strategy, booking.lots, booking.holding) == ("AAPL", "trend", (), None)
    (after,) = booking.others
    assert after.lots == (lot("f0", symbol="NEWN"),)
    assert after.holding == holding("NEWN", target_price=D(60), high_water=D(55))
    assert booking.closures == ()


def test_a_sale_under_the_new_name_ends_the_lot_of_the_old_one() -> None:
    sold = fill("f1", Side.SELL, "100", "52", symbol="NEWN")
    _, booking = book(reorganisation(ActionKind.NAME_CHANGE, "NEWN"), sold, **HELD)
    assert [(trade.trade_id, trade.symbol, trade.entry_price) for trade in booking.closures] == [
        ("f0/f1", "NEWN", D(50))
    ]
    assert booking.holding is None


def test_a_merger_for_stock_puts_shares_and_prices_on_the_new_basis() -> None:
    event = reorganisation(ActionKind.STOCK_MERGER, "BUYR", ratio=D("0.5"), quantity_after=D(50))
    (booking,) = book(event, **HELD)
    (after,) = booking.others
    assert after.holding is not None
    assert [(each.symbol, each.quantity, each.price) for each in after.lots] == [("BUYR", D(50), D(100))]
    assert (after.holding.stop_price, after.holding.target_price, after.holding.high_water) == (D(98), D(120), D(110))


def test_a_merger_for_cash_ends_each_lot_at_the_cash_for_a_share() -> None:
    (booking,) = book(reorganisation(ActionKind.CASH_MERGER), **HELD)
    assert (booking.lots, booking.holding, booking.others) == ((), None, ())
    assert [(each.exit_price, each.pnl, each.exit_reason) for each in booking.closures] == [
        (D(60), D(999), "merger for cash")
    ]


def test_a_delisting_without_value_loses_the_cost() -> None:
    (booking,) = book(reorganisation(ActionKind.DELISTING, cash=ZERO), **HELD)
    (closure,) = booking.closures
    assert (closure.exit_price, closure.pnl, closure.exit_reason) == (D(0), D(-5001), "delisting")


def test_a_spin_off_leaves_the_parent_as_it_is_and_begins_a_holding_with_the_default_stop() -> None:
    event = reorganisation(ActionKind.SPIN_OFF, "SPUN", ratio=D("0.1"), quantity_after=D(10), price=D(20))
    (booking,) = book(event, **HELD)
    assert (booking.lots, booking.holding) == (HELD["lots"], HELD["holdings"][0])
    (after,) = booking.others
    assert after.holding is not None
    assert [(each.quantity, each.price, each.strategy) for each in after.lots] == [(D(10), D(20), "trend")]
    assert after.holding.strategy == "trend"
    assert ZERO < after.holding.stop_price < D(20)


def test_shares_that_were_sold_under_the_new_name_before_the_change_was_booked_close_what_arrives() -> None:
    """As a stop that rested on and filled does, told before anything else."""
    sold = fill("f1", Side.SELL, "40", "52", symbol="NEWN", fee=D(0))
    _, booking = book(sold, reorganisation(ActionKind.NAME_CHANGE, "NEWN"), **HELD)
    assert [(each.trade_id, each.quantity, each.exit_price) for each in booking.closures] == [("f0/f1", D(40), D(52))]
    (after,) = booking.others
    assert after.holding is not None
    assert after.holding == holding("NEWN", "60", target_price=D(60), high_water=D(55))


def test_foreign_shares_take_the_new_name_without_a_holding() -> None:
    (booking,) = book(reorganisation(ActionKind.NAME_CHANGE, "NEWN"), lots=(lot("f0", strategy=FOREIGN),))
    (after,) = booking.others
    assert [each.strategy for each in after.lots] == [FOREIGN]
    assert after.holding is None


def test_shares_that_arrive_where_a_holding_is_belong_to_it() -> None:
    held = {
        "lots": (lot("f0"), lot("f9", "50", "40", symbol="NEWN", strategy="other")),
        "holdings": (holding(), holding("NEWN", "50", "40", "39", strategy="other")),
    }
    (booking,) = book(reorganisation(ActionKind.NAME_CHANGE, "NEWN"), **held)
    (after,) = booking.others
    assert after.holding is not None
    assert (after.holding.strategy, after.holding.quantity) == ("other", D(150))
    assert after.holding.stop_price == D(39)


@given(
    st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 5_000_000)), min_size=1, max_size=8),
    st.tuples(st.integers(1, 100), st.integers(1, 100)),
)
def test_a_merger_for_stock_keeps_cost_and_fees_and_makes_exactly_the_shares_that_the_broker_shows(
    shares_and_cents: list[tuple[int, int]], terms: tuple[int, int]
) -> None:
    lots = [lot(f"f{place}", str(n), str(D(cents) / 100)) for place, (n, cents) in enumerate(shares_and_cents)]
    before, ratio = sum((each.quantity for each in lots), ZERO), Decimal(terms[0]) / Decimal(terms[1])
    after = Decimal(int(before * ratio))
    event = reorganisation(ActionKind.STOCK_MERGER, "BUYR", ratio=ratio, quantity_before=before, quantity_after=after)
    effects = book_reorganisation(lots, event)
    cost = sum((each.quantity * each.price for each in lots), ZERO)
    assert sum((each.quantity for each in effects.arrived), ZERO) == after
    if after:
        assert effects.closures == ()
        assert abs(sum((each.quantity * each.price for each in effects.arrived), ZERO) - cost) < D("0.0001")
        assert sum((each.fee for each in effects.arrived), ZERO) == sum((each.fee for each in lots), ZERO)
    else:
        assert len(effects.closures) == len(lots)


def test_a_reorganisation_is_told_in_one_line() -> None:
    renamed, bought = reorganisation(ActionKind.NAME_CHANGE, "NEWN"), reorganisation(ActionKind.CASH_MERGER)
    assert text_of(renamed) == "AAPL: name change to NEWN on 2007-01-04 (100 shares of it, 100 of NEWN)"
    assert text_of(bought) == "AAPL: cash merger on 2007-01-04 at $60.00 a share ended the holding"
