"""The check of first contact: how the account begins in the ledger, or would begin with the next job."""

from __future__ import annotations

from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.errors import LedgerError
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.steps.opening import read_opening

PASS, FAIL = CheckResult.PASS, CheckResult.FAIL


def opening(desk: Desk, run: JobRun) -> Check:
    """The opening. Where it is due it is read and not stored: a check holds no lock. Fails where the home was lost."""
    made = desk.ledger.openings.opening()
    if made is not None:
        return Check("opening", PASS, made.text())
    if not desk.ledger.openings.is_due():
        return Check("opening", PASS, "none: the ledger explains the account by all of its activities")
    try:
        return Check("opening", PASS, f"{read_opening(desk, run).text()}; the next job that trades stores it")
    except LedgerError as error:
        return Check("opening", FAIL, str(error), "put the ledger's newest backup back, or run `tradebot rebuild`")
