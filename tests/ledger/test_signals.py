"""What strategies gave in a session, as the ledger has it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.ledger.unguarded import unguarded
from tradebot.core.model.schedule import Job
from tradebot.core.model.signal_records import GivenSignal, SignalsRecord
from tradebot.core.model.signals import Action, Condition, Readiness
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


@pytest.fixture
def run(ledger: AccountLedger, some: Samples) -> int:
    return ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, some.at, 1)


@pytest.fixture
def record(some: Samples) -> SignalsRecord:
    signal = GivenSignal(
        Action.NONE,
        Readiness.READY,
        "no signal",
        (("rsi", 55.1234567), ("trend", math.nan)),
        (Condition("RSI2 55.1 below 10", met=False),),
    )
    return SignalsRecord(some.session, some.at, "rsi2", "1.0.0+ab", some.session, "", {"AAPL": signal})


def test_they_are_read_back_with_six_digits(ledger: AccountLedger, run: int, record: SignalsRecord) -> None:
    ledger.signals.store(run, [record])
    (read,) = ledger.signals.of_session(record.session)
    given = read.given["AAPL"]
    assert given.values == (("rsi", 55.1235), ("trend", None))
    assert replace(given, values=()) == replace(record.given["AAPL"], values=())
    assert replace(read, given={}) == replace(record, given={})
    assert ledger.signals.first_session() == record.session


def test_a_later_run_of_the_session_counts_unless_it_has_none(
    ledger: AccountLedger, run: int, record: SignalsRecord
) -> None:
    failed = replace(record, given={}, as_of=None, fault="it did not answer")
    again = replace(record, given={"AAPL": replace(record.given["AAPL"], action=Action.ENTER, values=())})
    ledger.signals.store(run, [failed])
    assert ledger.signals.of_session(record.session) == (failed,)
    ledger.signals.store(run, [record])
    ledger.signals.store(run, [again])
    ledger.signals.store(run, [failed])
    assert ledger.signals.of_session(record.session) == (again,)


def test_nothing_is_known_of_a_session_before(ledger: AccountLedger, run: int, record: SignalsRecord) -> None:
    assert ledger.signals.first_session() is None
    assert ledger.signals.of_session(record.session) == ()


def test_a_row_cannot_be_changed_and_a_change_is_found(
    database: Database, ledger: AccountLedger, run: int, record: SignalsRecord
) -> None:
    ledger.signals.store(run, [record])
    with pytest.raises(LedgerError, match="append-only"):
        database.engine.execute("UPDATE signals SET fault = 'x'")
    assert verify_ledger(database) == ()
    with unguarded(database.engine):
        database.engine.execute("UPDATE signals SET fault = 'x'")
    (finding,) = verify_ledger(database)
    assert (finding.table, finding.row) == ("signals", "1")
