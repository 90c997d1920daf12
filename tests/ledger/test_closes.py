"""The close of a session is stored once, and stands where the session's last point stood."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_a_close_is_stored_once(database: Database, ledger: AccountLedger, some: Samples) -> None:
    close = some.close(Decimal(50_000))
    ledger.closes.store(close)
    ledger.closes.store(replace(close, equity=Decimal(1)))
    assert ledger.closes.of_session(close.session) == close
    assert ledger.closes.newest(close.session + timedelta(days=9)) == close
    assert ledger.closes.newest(close.session - timedelta(days=1)) is None
    assert verify_ledger(database) == ()


def test_the_close_of_a_session_is_its_equity(ledger: AccountLedger, some: Samples) -> None:
    later = date(2007, 1, 4)
    ledger.books.store_equity(some.equity("99000"), [])
    ledger.books.store_equity(some.equity("98000", later), [])
    close = some.close(Decimal(49_000))
    ledger.closes.store(close)
    first, second = ledger.history.closing_equity()
    assert (first.at, first.equity, first.cash) == (close.at, Decimal(99_000), Decimal(49_000))
    assert first.last_equity == Decimal(100_000)
    assert second.equity == Decimal(98_000)
    assert ledger.books.previous_close(later) == first
