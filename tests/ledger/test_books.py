"""Activities, lots, holdings, cash and equity."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ACCOUNT
from tradebot.core.accounting.performance import totals
from tradebot.core.model.account import Adjustment, CashKind, Fill, FillBust, Position, SplitEvent
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Booking, SymbolHistory
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.dump import dump_lines
from tradebot.ledger.row_keys import FIRST
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_new_books_are_empty(ledger: AccountLedger, some: Samples) -> None:
    books = ledger.books
    assert books.cursor() is None
    assert books.cash() is None
    assert books.peak() is None
    assert not books.lots()
    assert not books.holdings()
    assert books.previous_close(some.session) is None
    assert books.first_of_session(some.session) is None
    assert books.cash_flow(some.session) == 0


def test_a_buy_opens_and_a_sale_closes(ledger: AccountLedger, some: Samples) -> None:
    bought, sold = some.bought(), some.sold()
    ledger.books.book([bought], some.at)
    assert ledger.books.lots() == ledger.books.lots("AAPL") == bought.lots
    assert ledger.books.holdings() == (bought.holding,)
    assert ledger.books.cursor() == "F1"

    ledger.books.book([sold], some.later(60))
    assert not ledger.books.lots()
    assert not ledger.books.holdings()
    assert ledger.history.closures() == sold.closures
    assert ledger.history.totals() == totals(sold.closures)
    assert ledger.history.fills() == (bought.activity, sold.activity)
    assert ledger.books.cursor() == "F2"


def test_an_activity_already_booked_changes_nothing(database: Database, ledger: AccountLedger, some: Samples) -> None:
    bookings = [some.cash("D1", CashKind.DEPOSIT, "100000"), some.bought(), some.sold()]
    ledger.books.book(bookings, some.at)
    before = list(dump_lines(database.location))
    ledger.books.book(bookings, some.later(5))
    ledger.books.book(bookings[:2], some.later(9))
    assert list(dump_lines(database.location)) == before


def test_a_batch_that_overlaps_books_only_what_is_new(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.book([some.bought()], some.at)
    ledger.books.book([some.bought(), some.sold()], some.at)
    assert len(ledger.history.fills()) == 2
    assert ledger.books.cursor() == "F2"


def test_a_batch_is_booked_whole_or_not_at_all(ledger: AccountLedger, some: Samples) -> None:
    holding = replace(some.holding(), quantity=Decimal(0))  # refused by the table's CHECK
    with pytest.raises(LedgerError, match="refused a row"):
        ledger.books.book([some.bought(), replace(some.bought("F2"), holding=holding)], some.at)
    assert ledger.history.fills() == ()
    assert ledger.books.cursor() is None
    assert ledger.books.cash() is None


def test_a_booking_touches_its_own_symbol_only(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.book([some.bought("F1", "AAPL"), some.bought("F2", "MSFT")], some.at)
    ledger.books.book([some.sold("F3", "AAPL")], some.at)
    assert [lot.symbol for lot in ledger.books.lots()] == ["MSFT"]
    assert [holding.symbol for holding in ledger.books.holdings()] == ["MSFT"]


def test_a_sale_by_hand_ends_the_strategys_holding(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.book([some.bought()], some.at)
    ledger.books.book([replace(some.sold(), strategy=FOREIGN)], some.at)
    assert not ledger.books.lots()
    assert not ledger.books.holdings()


def test_cash_that_moves_leaves_lots_alone(ledger: AccountLedger, some: Samples) -> None:
    bought = some.bought()
    ledger.books.book([bought, some.cash("D1", CashKind.DEPOSIT, "5")], some.at)
    assert ledger.books.lots() == bought.lots
    assert ledger.books.holdings() == (bought.holding,)


def test_lots_come_oldest_first(ledger: AccountLedger, some: Samples) -> None:
    old = replace(some.lot(some.fill("F9")), opened_at=some.later(-60))
    new = some.lot(some.fill("F1"))
    ledger.books.book([replace(some.bought(), lots=(new, old))], some.at)
    assert ledger.books.lots() == (old, new)


def test_cash_is_what_the_activities_add_up_to(ledger: AccountLedger, some: Samples) -> None:
    split = SplitEvent("S1", "AAPL", Decimal(2), Decimal(10), Decimal(20), some.at, some.session)
    bookings = [
        some.cash("D1", CashKind.DEPOSIT, "1000"),
        some.bought(),  # 10 at 25.10 and 1.00 of fee
        some.cash("V1", CashKind.DIVIDEND, "0.80", "AAPL"),
        Booking(split, "trend", "AAPL", some.bought().lots, holding=some.holding()),
        some.sold(),  # 10 at 26.10 and 1.00 of fee
        some.cash("W1", CashKind.WITHDRAWAL, "-100.01"),
    ]
    ledger.books.book(bookings, some.at)
    assert ledger.books.cash() == Decimal("1000") - 252 + Decimal("0.80") + 260 - Decimal("100.01")
    assert ledger.history.splits() == (split,)
    assert [event.event_id for event in ledger.history.cash_events()] == ["D1", "V1", "W1"]


def test_cash_flow_is_deposits_less_withdrawals_of_a_session(ledger: AccountLedger, some: Samples) -> None:
    flows = [
        some.cash("D1", CashKind.DEPOSIT, "1000.10"),
        some.cash("W1", CashKind.WITHDRAWAL, "-300"),
        some.cash("V1", CashKind.DIVIDEND, "7"),
        some.cash("I1", CashKind.INTEREST, "7"),
    ]
    ledger.books.book(flows, some.at)
    assert ledger.books.cash_flow(some.session) == Decimal("700.10")
    assert ledger.books.cash_flow(some.next_session) == 0


def test_a_holdings_changed_stop_is_stored(database: Database, ledger: AccountLedger, some: Samples) -> None:
    ledger.books.book([some.bought()], some.at)
    raised = some.holding().with_stop(Decimal("25.50"))
    ledger.books.save_holding(raised, some.later(5))
    assert ledger.books.holdings() == (raised,)
    head = database.head(ACCOUNT)
    ledger.books.save_holding(raised, some.later(9))
    assert database.head(ACCOUNT) == head


def test_equity_is_appended_and_found_by_session(ledger: AccountLedger, some: Samples) -> None:
    first, last = some.equity("100000"), some.equity("100500", minutes=60)
    next_day = some.equity("99000", some.next_session, minutes=1440)
    for point in (first, last, next_day):
        ledger.books.store_equity(point, [])
    assert ledger.books.first_of_session(some.session) == first
    assert ledger.books.previous_close(some.next_session) == last
    assert ledger.books.previous_close(some.session) is None
    assert ledger.history.closing_equity() == (last, next_day)


def test_positions_are_kept_as_their_sessions_newest(database: Database, ledger: AccountLedger, some: Samples) -> None:
    shares = [Position(symbol, Decimal(10), Decimal(25), Decimal(26)) for symbol in ("AAPL", "MSFT")]
    ledger.books.store_equity(some.equity("1"), shares)
    ledger.books.store_equity(some.equity("1", some.next_session), shares)
    ledger.books.store_equity(some.equity("1", minutes=5), shares[1:])
    kept = database.engine.all("SELECT session, symbol FROM positions ORDER BY session, symbol")
    assert [(row["session"], row["symbol"]) for row in kept] == [
        ("2007-01-03", "MSFT"),
        ("2007-01-04", "AAPL"),
        ("2007-01-04", "MSFT"),
    ]


def test_the_peak_is_the_highest_equity_and_never_falls_with_it(ledger: AccountLedger, some: Samples) -> None:
    for equity, peak in (("100000", "100000"), ("101000.5", "101000.5"), ("9000", "101000.5"), ("99999", "101000.5")):
        ledger.books.store_equity(some.equity(equity), [])
        assert ledger.books.peak() == Decimal(peak)


def test_the_peak_moves_with_deposits_and_withdrawals_but_not_with_earnings(
    ledger: AccountLedger, some: Samples
) -> None:
    ledger.books.book([some.cash("D0", CashKind.DEPOSIT, "100000")], some.at)
    assert ledger.books.peak() is None
    ledger.books.store_equity(some.equity("100000"), [])
    ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "500.25")], some.at)
    assert ledger.books.peak() == Decimal("100500.25")
    ledger.books.book([some.cash("W1", CashKind.WITHDRAWAL, "-20000")], some.at)
    assert ledger.books.peak() == Decimal("80500.25")
    earned = (CashKind.DIVIDEND, CashKind.INTEREST, CashKind.CASH_IN_LIEU, CashKind.FEE)
    ledger.books.book([some.cash(kind, kind, "9") for kind in earned], some.at)
    assert ledger.books.peak() == Decimal("80500.25")


def test_rebasing_measures_drawdown_anew(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.store_equity(some.equity("100000"), [])
    ledger.books.rebase_peak(Decimal("88000"), some.at)
    assert ledger.books.peak() == Decimal("88000")
    ledger.books.store_equity(some.equity("87000"), [])
    assert ledger.books.peak() == Decimal("88000")
    ledger.books.store_equity(some.equity("89000"), [])
    assert ledger.books.peak() == Decimal("89000")


# --- reorganisations ----------------------------------------------------------------------


def test_a_renamed_holding_stands_under_its_new_name_and_verifies(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    bought = some.bought()
    assert isinstance(bought.activity, Fill)
    renamed = some.renamed(bought.activity)
    ledger.books.book([bought, renamed], some.at)
    assert [(lot.lot_id, lot.symbol) for lot in ledger.books.lots()] == [("F1", "NEWN")]
    assert ledger.books.holdings() == (some.holding("NEWN"),)
    assert ledger.history.reorganisations() == (renamed.activity,)
    assert ledger.books.has_activity("R1")
    assert verify_ledger(database) == ()


def test_the_history_of_a_new_name_comes_with_that_of_the_old_one(ledger: AccountLedger, some: Samples) -> None:
    bought = some.bought()
    assert isinstance(bought.activity, Fill)
    renamed = some.renamed(bought.activity)
    ledger.books.book([bought, renamed], some.at)
    histories = ledger.books.histories(["NEWN"])
    assert [booked.activity for booked in histories["NEWN"].activities] == [renamed.activity]
    assert [booked.activity for booked in histories["AAPL"].activities] == [bought.activity, renamed.activity]


def test_the_ids_of_assets_are_those_kept_last(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.keep_asset_ids({"AAPL": "a-1", "MSFT": "m-1"}, some.at)
    ledger.books.keep_asset_ids({"MSFT": "m-2"}, some.later(1))
    assert ledger.books.asset_ids() == {"MSFT": "m-2"}


# --- busts and adjustments -----------------------------------------------------------------


def test_a_bust_is_a_row_that_reverses_the_fill(database: Database, ledger: AccountLedger, some: Samples) -> None:
    bought = some.bought()
    ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "1000"), bought], some.at)
    assert ledger.books.cash() == Decimal("748")
    ledger.books.book([some.bust(bought)], some.later(90))
    assert ledger.books.cash() == Decimal("1000")
    assert ledger.books.cursor() == "X1"
    assert not ledger.books.lots()
    assert not ledger.books.holdings()
    assert ledger.history.fills() == ()
    assert ledger.books.fill("F1") is None
    rows = database.engine.all("SELECT fill_id, reverses, side, quantity, price, fee FROM fills ORDER BY seq")
    assert [tuple(row.values()) for row in rows] == [
        ("F1", None, "buy", "10", "25.1", "1"),
        ("X1", "F1", "sell", "10", "25.1", "-1"),
    ]


def test_a_round_trip_that_is_none_any_more_is_reversed(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    bought, sold = some.bought(), some.sold()
    ledger.books.book([bought, sold], some.at)
    assert isinstance(sold.activity, Fill)
    bust = FillBust("X1", sold.activity.fill_id, some.later(90), some.next_session)
    undone = Booking(bust, "trend", "AAPL", bought.lots, (), bought.holding, sold.activity, sold.closures)
    ledger.books.book([undone], some.later(90))
    assert ledger.history.closures() == ()
    assert ledger.history.totals().trades == 0
    assert ledger.books.lots() == bought.lots
    assert ledger.books.holdings() == (bought.holding,)
    rows = database.engine.all("SELECT trade_id, reverses, pnl, fees, exit_session FROM trades ORDER BY seq")
    assert [tuple(row.values()) for row in rows] == [
        ("F1/F2", None, "8", "2", "2007-01-03"),
        ("F1/F2~X1", "F1/F2", "-8", "-2", "2007-01-04"),
    ]


def test_a_bust_of_a_fill_that_is_not_here_is_noted_and_passed_over(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    bust = Booking(FillBust("X9", "F9", some.at, some.session), FOREIGN, None)
    ledger.books.book([some.bought(), bust], some.at)
    assert ledger.books.cursor() == "X9"
    assert len(ledger.history.fills()) == 1
    (noted,) = database.engine.all("SELECT subject FROM audit WHERE kind = 'bust_unknown'")
    assert noted["subject"] == "X9"


def test_a_bust_that_is_booked_changes_nothing_the_second_time(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    bought = some.bought()
    ledger.books.book([bought, some.bust(bought)], some.at)
    before = list(dump_lines(database.location))
    again = Booking(some.bust(bought).activity, FOREIGN, None)  # as core works it out when the fill is gone
    ledger.books.book([some.bust(bought), again], some.later(5))
    assert list(dump_lines(database.location)) == before


def test_an_adjustment_moves_cash_and_leaves_the_brokers_cursor(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "1000"), some.adjustment(amount="-12.5")], some.at)
    assert ledger.books.cash() == Decimal("987.5")
    assert ledger.books.cursor() == "D1"
    assert [adjusted.reason for adjusted in ledger.history.adjustments()] == ["a fee that was not shown"]


def test_an_adjustment_needs_a_reason(ledger: AccountLedger, some: Samples) -> None:
    adjustment = some.adjustment().activity
    assert isinstance(adjustment, Adjustment)
    with pytest.raises(LedgerError, match="refused a row"):
        ledger.books.book([Booking(replace(adjustment, reason=""), FOREIGN, None)], some.at)


def test_what_is_booked_is_told_from_what_is_not(ledger: AccountLedger, some: Samples) -> None:
    bought, deposit = some.bought(), some.cash("D1", CashKind.DEPOSIT, "5")
    ledger.books.book([bought, deposit], some.at)
    new = some.fill("F2")
    bust = FillBust("X1", "F1", some.at, some.session)
    seen = [done.activity for done in (bought, deposit) if not isinstance(done.activity, Adjustment)]
    assert ledger.books.unbooked([*seen, new, bust]) == (new, bust)


def test_the_past_of_a_symbol_is_everything_that_stands_in_the_order_of_booking(
    ledger: AccountLedger, some: Samples
) -> None:
    split = SplitEvent("S1", "AAPL", Decimal(2), Decimal(10), Decimal(20), some.at, some.session)
    adjusted = Adjustment("ADJ-1", "AAPL", Decimal(1), Decimal(5), Decimal(0), "found", some.later(-60), some.session)
    other, gone = some.bought("F7", "MSFT"), some.bought("F8")
    bookings = [
        gone,
        other,
        some.bust(gone),
        some.bought(),
        Booking(split, "trend", "AAPL", some.bought().lots),
        Booking(adjusted, FOREIGN, "AAPL"),
        some.sold(),
    ]
    ledger.books.book(bookings, some.at)
    past = ledger.books.histories(["AAPL"])["AAPL"]
    assert [(done.activity, done.strategy) for done in past.activities] == [
        (some.bought().activity, "trend"),
        (split, "trend"),
        (adjusted, FOREIGN),
        (some.sold().activity, "trend"),
    ]
    assert past.closures == some.sold().closures
    assert ledger.books.histories(["IBM"]) == {"IBM": SymbolHistory()}


def test_everything_booked_has_a_number_in_the_order_of_booking(
    database: Database, busy: AccountLedger, some: Samples
) -> None:
    tables = ("fills", "cash_events", "corporate_actions", "reorganisations", "adjustments")
    rows = (row for table in tables for row in database.engine.all(f"SELECT * FROM {table}"))
    numbers = [row["number"] for row in rows if row["account_key"] == FIRST]
    assert sorted(numbers) == list(range(1, 10))
