"""Results of steps: they join in the order in which things were done, and keep what their own type adds."""

from __future__ import annotations

from tests.core.builders import intent
from tradebot.core.results.outcomes import FailureLine
from tradebot.errors import ExitCode
from tradebot.jobs.step_results import StepResult, SubmitResult, coded, failed, noted


def test_a_result_after_others_has_their_lines_before_its_own() -> None:
    whole = noted("third").after(noted("first"), failed("ACME", "second"))
    assert whole.notes == ("first", "third")
    assert whole.failures == (FailureLine("ACME", "second"),)
    assert whole.codes == (ExitCode.DEGRADED,)


def test_a_result_after_others_keeps_what_its_type_adds() -> None:
    sent = SubmitResult(intent=intent()).after(coded(ExitCode.BROKER), noted("before"))
    assert (sent.intent, sent.codes, sent.notes) == (intent(), (ExitCode.BROKER,), ("before",))


def test_a_result_after_nothing_is_itself() -> None:
    assert StepResult().after() == StepResult()
