from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tests.ledger.conftest import Samples
from tradebot.core.model.account import ActionKind, CashEvent, CashKind, Reorganisation, SplitEvent
from tradebot.core.model.ledger_rows import Booking
from tradebot.core.model.orders import Side
from tradebot.ledger.database import AccountLedger


def flow(some: Samples, number: int, session: date, kind: CashKind = CashKind.DEPOSIT) -> Booking:
    return Booking(CashEvent(f"C{number}", kind, Decimal(100), some.at, session), "foreign", None)


def test_the_cash_events_of_a_session_are_those_since_two_weeks_before(ledger: AccountLedger, some: Samples) -> None:
    near, far = some.session - timedelta(days=14), some.session - timedelta(days=15)
    for number, day in enumerate((far, near, some.session, some.next_session)):
        ledger.books.book([flow(some, number, day)], some.at)
    assert [event.event_id for event in ledger.day.cash_events(some.session)] == ["C1", "C2", "C3"]


def test_only_money_of_the_owner_that_was_booked_after_an_instant_is_a_flow_after_it(
    ledger: AccountLedger, some: Samples
) -> None:
    ledger.books.book([flow(some, 1, some.session)], some.at)
    ledger.books.book([flow(some, 2, some.session), flow(some, 3, some.session, CashKind.DIVIDEND)], some.later(5))
    assert ledger.day.flow_booked_after(some.session, some.at) == 100
    assert ledger.day.flow_booked_after(some.session, some.later(5)) == 0


def test_a_fill_that_was_busted_is_one_of_the_other_side_in_the_session_of_the_bust(
    ledger: AccountLedger, some: Samples
) -> None:
    booked = some.bought()
    busted = some.bust(booked)
    later = replace(busted, activity=replace(some.bust_of("F1"), session=some.next_session))
    ledger.books.book([booked, later], some.at)
    (bought,), (taken_back,) = ledger.day.fills(some.session), ledger.day.fills(some.next_session)
    assert (bought.side, taken_back.side) == (Side.BUY, Side.SELL)
    assert (taken_back.quantity, taken_back.price, taken_back.fee) == (bought.quantity, bought.price, -bought.fee)


def test_a_change_of_name_reorganises_nothing_and_a_merger_does(ledger: AccountLedger, some: Samples) -> None:
    renamed = some.renamed(some.fill())
    ledger.books.book([some.bought(), renamed], some.at)
    assert not ledger.day.is_reorganised(some.session)
    assert isinstance(renamed.activity, Reorganisation)
    merged = replace(renamed.activity, event_id="R2", kind=ActionKind.STOCK_MERGER)
    ledger.books.book([replace(renamed, activity=merged)], some.at)
    assert ledger.day.is_reorganised(some.session)
    assert not ledger.day.is_reorganised(some.next_session)


def test_a_split_is_one_of_its_session(ledger: AccountLedger, some: Samples) -> None:
    event = SplitEvent("S1", "AAPL", Decimal(2), Decimal(10), Decimal(20), some.at, some.session)
    ledger.books.book([some.bought(), Booking(event, "trend", "AAPL")], some.at)
    assert ledger.day.split(some.session) == {"AAPL"}
    assert ledger.day.split(some.next_session) == frozenset()
