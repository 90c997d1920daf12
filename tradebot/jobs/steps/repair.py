"""The first act of a job where stops are for jobs to place: repair what a job left that was killed."""

from __future__ import annotations

from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.overdue_entries import end_overdue
from tradebot.jobs.steps.protect import protect
from tradebot.jobs.steps.sync import synchronise


def repair_first(desk: Desk, run: JobRun) -> StepResult:
    """End the entries that are still open, settle, and place every stop that is missing.

    Does nothing where an entry takes its stop along: the broker protects it whoever was killed. `run-daily` and
    `check-exits` begin alike and need no call. Raises BrokerUnavailable.
    """
    if desk.broker.capabilities.protects_entries:
        return StepResult()
    ended = end_overdue(desk)
    looked = synchronise(desk, run)
    return StepResult().after(ended, looked, protect(desk, run, looked.state))
