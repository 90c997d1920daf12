"""Raises the alert of a job's end, and delivers all waiting alerts."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TypeVar

from tradebot.core.model.schedule import DAY, SCHEDULED, Job
from tradebot.core.results.alerts import AlertLevel
from tradebot.core.results.outcomes import FailureLine, Outcome
from tradebot.errors import ExitCode, TradebotError
from tradebot.reports.run_header import RunHeader
from tradebot.settings import GlobalOptions, Settings, load_valid

AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)

#: Jobs that deliver no alerts: those that change nothing, and a replay, whose alerts are about the past.
_SILENT = frozenset({Job.STATUS, Job.EXPLAIN, Job.INCIDENT, Job.REPLAY})
#: Jobs whose failure is an alert: a scheduler starts them, or nobody may read the terminal.
_UNATTENDED = frozenset({*SCHEDULED, Job.EMERGENCY_STOP})
#: The exit codes that raise an alert, with its level. BREAKS and HALTED have none: the job that finds a break or a halt
#: raises an alert with its figures. LOCKED and a stop by a signal have none either.
_LEVELS: dict[ExitCode, AlertLevel] = {
    ExitCode.BUG: "critical",
    ExitCode.CONFIG: "critical",
    ExitCode.LEDGER: "critical",
    ExitCode.BLOCKED: "critical",
    ExitCode.BROKER: "critical",
    ExitCode.DEGRADED: "warning",
}

_log = logging.getLogger(__name__)


def of_outcome(options: GlobalOptions, header: RunHeader, outcome: AnyOutcome) -> tuple[AnyOutcome, tuple[str, ...]]:
    """Raise and deliver the alerts of an outcome. Returns the outcome and warnings of channels that failed.

    An alert that no channel took adds a failure and the code DEGRADED to the outcome.
    """
    if outcome.job in _SILENT:
        return outcome, ()
    from tradebot.runtime import alerts as alerting

    settings = load_valid(options)
    if outcome.job in DAY and outcome.exit_code in _LEVELS:
        what = "; ".join((outcome.headline, *(f"{line.what}: {line.message}" for line in outcome.failures)))
        _raise(settings, outcome.job, outcome.exit_code, what, f"{header.broker}:{header.mode}:{header.account_id}")
    delivery = alerting.deliver(settings, ledger=outcome.job is not Job.EMERGENCY_STOP)
    warnings = tuple(f"the alert channel {name} failed: {trouble}" for name, trouble in delivery.failed)
    if not delivery.unheard:
        return outcome, warnings
    failure = FailureLine("alerts", f"not delivered by any channel: {', '.join(delivery.unheard)}")
    # the code of an emergency stop says only whether anything is still open
    codes = outcome.codes if outcome.job is Job.EMERGENCY_STOP else outcome.codes | {ExitCode.DEGRADED}
    return replace(outcome, codes=codes, failures=(*outcome.failures, failure)), (*warnings, failure.message)


def of_failure(options: GlobalOptions, name: str, code: ExitCode, message: str) -> None:
    """Raise and deliver the alert of a job that failed. Its own errors are logged."""
    if name not in _UNATTENDED or code not in _LEVELS:
        return
    try:
        from tradebot.runtime import alerts as alerting
        from tradebot.runtime.homes import is_home

        settings = load_valid(options)
        if is_home(settings):
            _raise(settings, Job(name), code, message, "")
            alerting.deliver(settings, ledger=name != Job.EMERGENCY_STOP)
    except (TradebotError, OSError) as error:
        _log.error("nobody could be told: %s", error)


def _raise(settings: Settings, job: Job, code: ExitCode, what: str, account_key: str) -> None:
    from tradebot.runtime import alerts as alerting
    from tradebot.runtime.clocks import SystemClock

    message = f"{what}\n\nExit code {code.value}: {code.meaning}. `tradebot status` shows how the account stands."
    alerts = alerting.spool_alerts(settings, account_key, SystemClock())
    level = "warning" if job is Job.DIFF else _LEVELS[code]  # it only looks back
    alerts.send(level, f"{job} ended with {code.value} ({code.name.lower()})", message,
                key=f"{job} ended with {code.value}")  # fmt: skip
