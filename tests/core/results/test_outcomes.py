"""The outcome of a job: its exit code, and the outcomes that tell more."""

from __future__ import annotations

from tests.core.builders import TODAY
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

BASE = Outcome(Job.RUN_DAILY, TODAY, RunStatus.RAN, "traded", frozenset({ExitCode.DEGRADED, ExitCode.HALTED}))


def test_the_first_code_by_precedence_is_that_of_the_process() -> None:
    assert BASE.exit_code is ExitCode.HALTED
    assert Outcome(Job.STATUS, None, RunStatus.RAN, "looked").exit_code is ExitCode.OK


def test_an_outcome_that_tells_more_keeps_what_its_base_tells() -> None:
    more = ExplainOutcome.of(BASE, symbol="AAPL")
    assert (more.job, more.session, more.headline, more.codes) == (BASE.job, TODAY, "traded", BASE.codes)
    assert more.symbol == "AAPL"
