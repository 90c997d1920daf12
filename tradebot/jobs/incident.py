"""incident: the troubles in a span of time, read from the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta

from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.incident import (
    IncidentOutcome,
    build_timeline,
    find_troubles,
    measure_impact,
    worst_severity,
)
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import UsageError
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.steps.equity_bridge import equity_between

#: Preflight runs before the open.
_BEFORE_OPEN = timedelta(hours=2)


def run(desk: LedgerDesk, since: datetime | None, until: datetime | None) -> IncidentOutcome:
    """Report on ``since`` (default: the newest session's morning) to ``until``, now at the latest. Changes nothing.

    Raises UsageError where ``since`` is after it.
    """
    until = min(until or desk.now, desk.now)
    since = since or desk.session_at(until).opens - _BEFORE_OPEN
    if since > until:
        raise UsageError(f"--since {new_york_text(since)} is after the newest time known here, {new_york_text(until)}.")
    records = desk.ledger.history
    events = records.audit_events(since, until)
    troubles = find_troubles(events, since, until, records.halts_and_breaks_before(since))
    severity = worst_severity(troubles)
    lasting = any(span.end is None for span in troubles)
    ends = [span.end for span in troubles if span.end is not None]
    headline = f"{severity}: {plural(len(troubles), 'trouble')} in {plural(len(events), 'row')} of the audit trail"
    return IncidentOutcome.of(
        Outcome(Job.INCIDENT, desk.session_at(desk.now).session, RunStatus.RAN, headline),
        since=since,
        until=until,
        severity=severity,
        begin=troubles[0].begin if troubles else None,
        end=None if lasting or not ends else max(ends),
        troubles=troubles,
        impact=measure_impact(events, *equity_between(desk.ledger, desk.calendar, since, until)),
        timeline=build_timeline(events),
    )
