"""status over a history small enough to be worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import MONDAY, explained, traded_two_sessions
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.jobs import status


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def shown(house: House) -> StatusOutcome:
    with house.desk() as desk:
        return status.run(desk, "")


def test_status_tells_how_the_account_stands(traded: House) -> None:
    outcome = shown(traded)
    assert outcome.level is HaltLevel.RUNNING
    assert outcome.headline == "1 position, equity $100,650.00"
    assert [line.symbol for line in outcome.positions] == ["COAL"]
    counters = outcome.counters
    assert counters is not None
    assert (counters.session, counters.entries_sent) == (MONDAY, 1)
    # The peak was seen at the open, when ACME stood at 120, BOLT at 95 and COAL had just been bought at 100.
    assert (counters.baseline_equity, counters.peak_equity) == (Decimal(100_000), Decimal(100_750))
    last = {run.job: (run.session, run.status) for run in outcome.last_runs}
    assert last == {
        Job.RUN_DAILY: (MONDAY, RunStatus.RAN),
        Job.CHECK_EXITS: (MONDAY, RunStatus.RAN),
        Job.RECONCILE: (MONDAY, RunStatus.RAN),
    }
    assert outcome.limits is not None
    assert outcome.limits.max_positions == 2


def test_looking_leaves_no_trace(traded: House) -> None:
    before = traded.rows("SELECT count(*) AS rows FROM audit")
    shown(traded)
    explained(traded, "ACME")
    assert traded.rows("SELECT count(*) AS rows FROM audit") == before


def test_status_tells_halts_breaks_and_gaps(traded: House) -> None:
    with traded.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    traded.reconcile()
    traded.set(EMERGENCY_STOP_ENABLED="true")
    outcome = shown(traded)
    assert outcome.level is HaltLevel.HALTED
    assert [halt.source.value for halt in outcome.halts] == ["environment"]
    assert [found.kind.value for found in outcome.breaks] == ["unprotected"]
    assert [(gap.symbol, gap.dollars) for gap in outcome.gaps] == [("COAL", Decimal(5150))]
    assert outcome.unprotected == Decimal(5150)
    (line,) = outcome.positions
    assert not line.protected
