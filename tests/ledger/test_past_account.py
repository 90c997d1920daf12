"""An account as a session opened it, out of the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradebot.core.model.account import CashKind
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.orders import OrderState, Side
from tradebot.ledger.database import AccountLedger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

DAY = timedelta(days=1)


def shares(ledger: AccountLedger, some: Samples, days: int = 0) -> dict[str, Decimal]:
    """The shares by symbol when a session opened, so many days after the first."""
    session = some.session + days * DAY
    held = ledger.past.holdings_before(session, start_of_day(session), start_of_day(session + DAY))
    return {each.holding.symbol: each.holding.quantity for each in held}


def test_holdings_are_those_before_a_session_with_what_is_told_late(ledger: AccountLedger, some: Samples) -> None:
    ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "100000"), some.bought()], some.at)
    tomorrow = some.at + DAY
    assert shares(ledger, some) == {}, "it was bought in the session"
    assert shares(ledger, some, 1) == {"AAPL": some.holding().quantity}
    ledger.books.book([some.bought("F8", "MSFT")], tomorrow)  # a fill of the session before
    ibm = some.bought("F9", "IBM")
    fill = replace(ibm.activity, at=tomorrow, session=some.next_session)
    ledger.books.book([replace(ibm, activity=fill)], tomorrow)
    ledger.books.save_holding(replace(some.holding(), high_water=Decimal(99)), tomorrow)
    assert set(shares(ledger, some, 1)) == {"AAPL", "MSFT"}
    (apple, *_) = ledger.past.holdings_before(
        some.next_session, start_of_day(some.next_session), start_of_day(some.next_session + DAY)
    )
    assert apple.holding == some.holding(), "not as it was raised in the session"
    assert {each.symbol for each in ledger.past.holdings_after(start_of_day(some.next_session + DAY))} == {
        "AAPL",
        "IBM",
        "MSFT",
    }
    assert not apple.target_rests


def test_cash_is_that_of_the_sessions_before_with_the_deposits_of_the_session(
    ledger: AccountLedger, some: Samples
) -> None:
    assert ledger.past.cash_before(some.session) is None
    ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "100000"), some.bought()], some.at)
    assert ledger.past.cash_before(some.session) == 100_000
    ledger.books.book([some.cash("V1", CashKind.DIVIDEND, "5"), some.adjustment()], some.at)
    assert ledger.past.cash_before(some.session) == 100_000
    assert ledger.past.cash_before(some.next_session) == ledger.books.cash()


def test_the_peak_and_the_halts_are_those_of_a_moment(ledger: AccountLedger, some: Samples) -> None:
    assert ledger.past.peak_before(some.at) == 0
    ledger.books.store_equity(some.equity("100000"), [])
    ledger.books.store_equity(some.equity("100500", minutes=60), [])
    assert ledger.past.peak_before(some.later(60)) == 100_000
    assert ledger.past.peak_before(some.later(61)) == 100_500
    halt = Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "10 %", account=some.account)
    day = replace(halt, rule=HaltRule.DAILY_LOSS, until=some.next_session)
    for each in (halt, day):
        ledger.halts_and_breaks.latch(each, some.at)
    ledger.halts_and_breaks.clear([halt], "looked at it", some.later(30))
    past = ledger.past
    assert past.halts_at(some.later(-1), some.session) == ()
    assert past.halts_at(some.later(1), some.session) == (halt, day)
    assert past.halts_at(some.later(30), some.session) == (day,)
    assert past.halts_at(some.later(1440), some.next_session) == ()
    assert past.halts_set(some.at, some.later(1)) == (halt, day)
    assert past.halts_set(some.later(1), some.later(2)) == ()


def test_a_stop_that_no_job_set_is_known_as_it_was(ledger: AccountLedger, some: Samples) -> None:
    entry = some.intent()
    ledger.orders.write([entry], some.at)
    ledger.orders.move(entry.client_order_id, OrderState.SUBMITTING, some.at, quote=some.quote())
    ledger.orders.move(entry.client_order_id, OrderState.ACCEPTED, some.at, broker_order_id="B1")
    leg = replace(
        some.shown("B2"),
        client_order_id="of the leg",
        parent_id="B1",
        side=Side.SELL,
        stop_price=entry.request.stop_loss,
        limit_price=None,
    )
    ledger.orders.store_broker_orders([leg], some.at)
    assert ledger.past.stops_of_others(some.later(1)) == {}
    assert ledger.past.levels_of("B2") == (entry.request.stop_loss, None)
    assert ledger.past.levels_of("B9") == (None, None)
    assert ledger.past.sent_prices(some.session) == {entry.client_order_id: some.quote().last}
    moved = replace(leg, stop_price=Decimal("22.5"))
    ledger.orders.store_broker_orders([moved], some.later(5))
    assert ledger.past.stops_of_others(some.later(1)) == {}
    assert ledger.past.stops_of_others(some.later(6)) == {leg.symbol: Decimal("22.5")}
    ledger.orders.store_broker_orders([replace(moved, state=OrderState.CANCELLED)], some.later(9))
    assert ledger.past.stops_of_others(some.later(8)) == {leg.symbol: Decimal("22.5")}
    assert ledger.past.stops_of_others(some.later(10)) == {}
