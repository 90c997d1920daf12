"""Bare periods in the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_a_holding_has_one_period_at_a_time(ledger: AccountLedger, some: Samples) -> None:
    assert ledger.bare_periods.begin(some.bare(), some.at)
    assert not ledger.bare_periods.begin(replace(some.bare(), began_at=some.later(1)), some.later(1))
    assert ledger.bare_periods.begin(some.bare("MSFT"), some.at)
    assert ledger.bare_periods.standing() == (some.bare(), some.bare("MSFT"))


def test_what_has_ended_stays_and_another_one_may_begin(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    over = replace(some.bare(), ended_at=some.later(1))
    ledger.bare_periods.begin(some.bare(), some.at)
    ledger.bare_periods.end(over, some.later(2))
    ledger.bare_periods.end(replace(over, ended_at=some.later(9)), some.later(9))
    assert ledger.bare_periods.standing() == ()
    again = replace(some.bare(), session=some.next_session, began_at=some.later(5))
    ledger.bare_periods.begin(again, some.later(5))
    assert ledger.bare_periods.between(some.session, some.session) == (over, again), "one that lasts is always told"
    ledger.bare_periods.end(replace(again, ended_at=some.later(6)), some.later(6))
    assert ledger.bare_periods.between(some.session, some.session) == (over,)
    assert verify_ledger(database) == ()


def test_times_of_looks_and_trades(ledger: AccountLedger, some: Samples) -> None:
    assert (ledger.bare_periods.last_look(), ledger.bare_periods.last_trade("AAPL")) == (None, None)
    ledger.books.book([some.bought()], some.at)
    ledger.books.store_equity(some.equity("100000", minutes=3), [])
    assert ledger.bare_periods.last_look() == some.later(3)
    assert ledger.bare_periods.last_trade("AAPL") == some.at
