"""What entries were decided on, as the ledger has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.ledger.unguarded import unguarded
from tradebot.core.model.decision_inputs import BarsSeen
from tradebot.core.model.limits import LossAction
from tradebot.core.model.schedule import Job
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify_ledger
from tradebot.settings import Settings

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

LIMITS = Settings().limits()


@pytest.fixture
def run(ledger: AccountLedger, some: Samples) -> int:
    return ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, some.at, 1)


def test_they_are_read_back_as_they_were(ledger: AccountLedger, run: int, some: Samples) -> None:
    whole = ExitPolicy(Decimal("1.5"), Decimal("0.04"), Decimal("0.05"), Decimal("0.02"), 5, use_default_target=True)
    signals = (
        *some.inputs().signals,
        Signal("trend", "MSFT", some.session, Action.EXIT, 0.0, some.policy, "", "1.0.0+ab", Decimal("0.005")),
        Signal("other", "MSFT", some.session, Action.ENTER, 1 / 3, whole, "", "2.0.0+cd"),
        Signal("other", "AAPL", some.session, Action.ENTER, float("-inf"), ExitPolicy(), "", "2.0.0+cd"),
    )
    limits = replace(LIMITS, daily_loss_action=LossAction.REDUCE, deny_symbols=frozenset({"TSLA"}), max_positions=3)
    stored = replace(some.inputs(), signals=signals, limits=limits, close_positions=True)
    ledger.decision_inputs.store(run, stored)
    read = ledger.decision_inputs.of_session(some.session, LIMITS)
    assert read is not None
    assert read == stored
    assert ledger.decision_inputs.of_session(some.next_session, LIMITS) is None


def test_a_fraction_and_a_score_that_are_no_number_are_stored(ledger: AccountLedger, run: int, some: Samples) -> None:
    (signal,) = some.inputs().signals
    wrong = replace(signal, score=float("nan"), policy=ExitPolicy(stop=Decimal("NaN")))
    ledger.decision_inputs.store(run, replace(some.inputs(), signals=(wrong,)))
    read = ledger.decision_inputs.of_session(some.session, LIMITS)
    assert read is not None
    assert repr(read.signals) == repr((wrong,)), "NaN equals nothing"


def test_the_newest_run_counts_and_settings_are_stored_once(
    database: Database, ledger: AccountLedger, run: int, some: Samples
) -> None:
    none = replace(
        some.inputs(),
        bars=BarsSeen(20, None, {}),
        signals=(),
        quotes={},
        average_volume={},
        sessions_run={},
        repetitions={},
    )
    ledger.decision_inputs.store(run, none)
    assert ledger.decision_inputs.of_session(some.session, LIMITS) == none
    for minutes in (0, 5):
        ledger.decision_inputs.store(run, replace(some.inputs(), at=some.at + timedelta(minutes=minutes)))
    read = ledger.decision_inputs.of_session(some.session, LIMITS)
    assert read is not None
    assert read.at == some.later(5)
    assert len(database.engine.all("SELECT * FROM decision_settings")) == 2
    joined = "SELECT * FROM v_decision_inputs JOIN v_decision_settings ON digest = settings"
    assert len(database.engine.all(joined)) == 3


def test_a_limit_that_was_added_since_is_that_of_today(
    database: Database, ledger: AccountLedger, run: int, some: Samples
) -> None:
    ledger.decision_inputs.store(run, some.inputs())
    with unguarded(database.engine):
        database.engine.execute(
            """UPDATE decision_settings SET contents = REPLACE(contents, '"max_positions":10,', '')"""
        )
    read = ledger.decision_inputs.of_session(some.session, replace(LIMITS, max_positions=7))
    assert read is not None
    assert read.limits == replace(LIMITS, max_positions=7)
    assert {finding.table for finding in verify_ledger(database)} == {"decision_settings"}


def test_500_symbols_take_eight_bytes_each(database: Database, ledger: AccountLedger, run: int, some: Samples) -> None:
    digests = {f"S{number:03}": "abcdefgh" for number in range(500)}
    inputs = replace(some.inputs(), bars=BarsSeen(250, some.session, digests))
    ledger.decision_inputs.store(run, inputs)
    (row,) = database.engine.all("SELECT * FROM decision_inputs")
    assert sum(len(str(value)) for value in row.values()) < 8 * 500 + 600
    assert ledger.decision_inputs.of_session(some.session, LIMITS) == inputs
