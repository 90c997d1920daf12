"""After a job: raise what its end gives cause for, and deliver every alert that waits, its own and older ones."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TypeVar

from tradebot.core.model.schedule import DAY, Job
from tradebot.core.results.alerts import AlertLevel
from tradebot.core.results.outcomes import FailureLine, Outcome
from tradebot.errors import ExitCode, TradebotError
from tradebot.reports.run_header import RunHeader
from tradebot.settings import GlobalOptions, Settings, load_valid

Told = TypeVar("Told", bound=Outcome)

#: Jobs after which nothing is delivered: those that only look, and a replay, whose alerts are about the past.
_SILENT = frozenset({Job.STATUS, Job.EXPLAIN, Job.INCIDENT, Job.REPLAY})
#: Commands that a schedule starts, or a bad day: nobody may be there to read how they ended.
_UNWATCHED = frozenset({*DAY, Job.EMERGENCY_STOP})
#: Ends that the operator is told of. Breaks are told with their figures by the job that found them; a run that was
#: stopped, or found another at work, is told to nobody.
_LEVELS: dict[ExitCode, AlertLevel] = {
    ExitCode.BUG: "critical",
    ExitCode.CONFIG: "critical",
    ExitCode.LEDGER: "critical",
    ExitCode.BLOCKED: "critical",
    ExitCode.BROKER: "critical",
    ExitCode.HALTED: "warning",
    ExitCode.DEGRADED: "warning",
}

_log = logging.getLogger(__name__)


def after(options: GlobalOptions, where: RunHeader, outcome: Told) -> tuple[Told, tuple[str, ...]]:
    """Tell the operator, and give the outcome with what that came to, and warnings about channels that failed.

    An alert that no channel took makes the job a degraded one: it did its work, and nobody heard of it.
    """
    if outcome.job in _SILENT:
        return outcome, ()
    from tradebot.runtime import alerts as alerting

    settings = load_valid(options)
    if outcome.job in DAY and outcome.exit_code in _LEVELS:
        what = "; ".join((outcome.headline, *(f"{line.what}: {line.message}" for line in outcome.failures)))
        _raise(settings, outcome.job, outcome.exit_code, what, f"{where.broker}:{where.mode}:{where.account_id}")
    delivery = alerting.deliver(settings, ledger=outcome.job is not Job.EMERGENCY_STOP)
    warnings = tuple(f"the alert channel {name} failed: {trouble}" for name, trouble in delivery.failed)
    if not delivery.unheard:
        return outcome, warnings
    unheard = FailureLine("alerts", f"no channel took: {', '.join(delivery.unheard)}")
    # an emergency stop answers one question with its code: whether anything is still open
    codes = outcome.codes if outcome.job is Job.EMERGENCY_STOP else outcome.codes | {ExitCode.DEGRADED}
    return replace(outcome, codes=codes, failures=(*outcome.failures, unheard)), (*warnings, str(unheard.message))


def of_failure(options: GlobalOptions, name: str, code: ExitCode, message: str) -> None:
    """Tell the operator of a job that could not come to its end. Raises nothing: one error is enough."""
    if name not in _UNWATCHED or code not in _LEVELS:
        return
    try:
        from tradebot.home import paths
        from tradebot.runtime import alerts as alerting

        settings = load_valid(options)
        if paths.is_initialised(settings.home):
            _raise(settings, Job(name), code, message, "")
            alerting.deliver(settings, ledger=name != Job.EMERGENCY_STOP)
    except (TradebotError, OSError) as error:
        _log.error("nobody could be told: %s", error)


def _raise(settings: Settings, job: Job, code: ExitCode, what: str, account_key: str) -> None:
    from tradebot.runtime import alerts as alerting
    from tradebot.runtime.clocks import SystemClock

    message = f"{what}\n\nExit code {code.value}: {code.meaning}. `tradebot status` shows how the account stands."
    alerts = alerting.spool_alerts(settings, account_key, SystemClock())
    alerts.send(_LEVELS[code], f"{job} ended with {code.value} ({code.name.lower()})", message,
                key=f"{job} ended with {code.value}")  # fmt: skip
