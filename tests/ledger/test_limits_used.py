"""The use of limits in the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradebot.core.model.limits import LimitUsed
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_uses_are_read_by_session_in_order(database: Database, ledger: AccountLedger, some: Samples) -> None:
    loss = LimitUsed("DAILY_LOSS_LIMIT_PCT", Decimal("0.0125"), Decimal("0.03"))
    ledger.limits_used.store(some.session, [some.used(), loss], some.at)
    ledger.limits_used.store(some.next_session, [some.used("4")], some.later(1440))
    every = [(some.session, loss), (some.session, some.used()), (some.next_session, some.used("4"))]
    assert list(ledger.limits_used.between(None, None)) == every
    assert list(ledger.limits_used.between(some.next_session, some.next_session)) == every[2:]
    row = database.engine.one("SELECT * FROM v_limits_used WHERE setting = 'DAILY_LOSS_LIMIT_PCT'")
    assert row is not None
    assert (row["used"], row["limit_value"], row["session"]) == (0.0125, 0.03, "2007-01-03")
    assert verify_ledger(database) == ()


def test_nothing_used_is_no_row(database: Database, ledger: AccountLedger, some: Samples) -> None:
    ledger.limits_used.store(some.session, [], some.at)
    assert database.engine.all("SELECT * FROM limits_used") == []
