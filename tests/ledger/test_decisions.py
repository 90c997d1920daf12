"""Decisions, and notes in the audit trail."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ACCOUNT
from tradebot.core.model.schedule import Job
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.packed_hashes import unpacked

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


@pytest.fixture
def run(ledger: AccountLedger, some: Samples) -> int:
    return ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, some.at, 1)


def test_decisions_are_found_by_symbol_and_session(ledger: AccountLedger, some: Samples, run: int) -> None:
    apple, refused = some.decision("AAPL"), some.decision("MSFT", "MAX_POSITIONS")
    tomorrow = some.decision("AAPL", session=some.next_session)
    ledger.decisions.store(run, [apple, refused])
    ledger.decisions.store(run, [tomorrow])
    between = ledger.decisions.between
    assert between(None, None, None) == (apple, refused, tomorrow)
    assert between("AAPL", None, None) == (apple, tomorrow)
    assert between(None, some.session, some.session) == (apple, refused)
    assert between("AAPL", some.next_session, None) == (tomorrow,)
    assert between("AAPL", None, date(2006, 12, 31)) == ()


def test_denials_are_counted_by_code_and_session(ledger: AccountLedger, some: Samples, run: int) -> None:
    refused = [some.decision("MSFT", "MAX_POSITIONS"), some.decision("IBM", "MAX_POSITIONS")]
    later = some.decision("IBM", "SYMBOL_OWNED", session=some.next_session)
    ledger.decisions.store(run, [some.decision(), *refused, later])
    counts = ledger.decisions.denial_counts
    assert counts(None, None) == {"MAX_POSITIONS": 2, "SYMBOL_OWNED": 1}
    assert counts(some.next_session, None) == {"SYMBOL_OWNED": 1}
    assert counts(None, date(2006, 12, 31)) == {}


def test_every_denial_has_its_numbers_in_a_view(
    database: Database, ledger: AccountLedger, some: Samples, run: int
) -> None:
    ledger.decisions.store(run, [some.decision(), some.decision("MSFT", "MAX_POSITIONS")])
    (denial,) = database.engine.all("SELECT symbol, code, value, limit_value FROM denials")
    assert denial == {"symbol": "MSFT", "code": "MAX_POSITIONS", "value": "10", "limit_value": "10"}
    (shown,) = database.engine.all("SELECT value, limit_value FROM v_denials")
    assert shown == {"value": 10.0, "limit_value": 10.0}


def test_no_decisions_leave_no_trace(database: Database, ledger: AccountLedger, run: int) -> None:
    head = database.head(ACCOUNT)
    ledger.decisions.store(run, [])
    assert database.head(ACCOUNT) == head


def test_decisions_belong_to_a_run(ledger: AccountLedger, some: Samples) -> None:
    with pytest.raises(LedgerError, match=r"(?i)foreign key"):
        ledger.decisions.store(99, [some.decision()])


def test_a_note_is_in_the_trail(database: Database, ledger: AccountLedger, some: Samples) -> None:
    ledger.decisions.note(
        "drill", "cancel all", some.at, {"orders": 3, "dollars": Decimal("12.50"), "on": some.session}
    )
    row = database.engine.one("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
    assert row is not None
    assert (row["kind"], row["subject"], row["at"]) == ("drill", "cancel all", "2007-01-03T14:35:00.000000Z")
    assert json.loads(row["detail"]) == {"orders": 3, "dollars": "12.5", "on": "2007-01-03"}
    assert (row["seq"], unpacked(row["hash"])) == database.head(ACCOUNT)


def test_a_note_cannot_pass_for_the_ledgers_own_rows(ledger: AccountLedger, some: Samples) -> None:
    with pytest.raises(ValueError, match="fill_booked"):
        ledger.decisions.note("fill_booked", "F1", some.at, {})
