"""The incident report in Markdown. The operator adds the root cause and the prevention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import plural
from tradebot.core.results.incident import Impact, IncidentOutcome, IncidentSeverity, TimelineEvent
from tradebot.home.output_files import Kind
from tradebot.reports.formatting import instant, signed_usd, usd
from tradebot.reports.run_header import RunHeader

_TO_BE_WRITTEN = "_To be written._"
#: Where the operator writes, as long as nobody has.
_UNTOUCHED = ("## Root cause", _TO_BE_WRITTEN, "## Prevention", f"- [ ] {_TO_BE_WRITTEN}")
INCIDENT_REPORT = Kind(
    "an incident report whose root cause and prevention are still to be written",
    lambda head: head.startswith(b"# Incident of ") and "\n\n".join(_UNTOUCHED).encode() in head,
)


def incident_markdown(incident: IncidentOutcome, where: RunHeader) -> str:
    """The incident report of an account. Amounts are USD; times are in New York."""
    began = incident.begin or incident.since
    parts = [
        f"# Incident of {instant(began).partition(' ')[0]}",
        *_facts(incident, where),
        "## Summary",
        *_summary(incident),
        "## Impact",
        *_impact(incident),
        "## Timeline",
        *_timeline(incident.timeline),
        *_UNTOUCHED,
        "## Severity classes",
        "\n".join(f"- **{severity}**: {severity.meaning}" for severity in IncidentSeverity),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(incident: IncidentOutcome, where: RunHeader) -> Iterator[str]:
    rows = {
        "severity": f"**{incident.severity}**: {incident.severity.meaning}",
        "began": instant(incident.begin),
        "ended": instant(incident.end) if incident.is_over else f"not yet at {instant(incident.until)}",
        "duration": _duration(incident),
        "account": f"{where.account_id} at {where.broker} ({where.mode})",
        "home": str(where.home),
        "looked at": f"{instant(incident.since)} to {instant(incident.until)}",
    }
    yield "\n".join(["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in rows.items())])


def _summary(incident: IncidentOutcome) -> Iterator[str]:
    if not incident.troubles:
        yield "Nothing in the audit trail of this time says that anything was wrong."
        return
    yield "\n".join(
        f"- {_escaped(span.what)} ({span.severity}), from {instant(span.begin)}"
        + ("" if span.end == span.begin else f" to {instant(span.end)}" if span.end else ", not over")
        for span in incident.troubles
    )


def _impact(incident: IncidentOutcome) -> Iterator[str]:
    impact = incident.impact
    if impact is None:
        return
    yield "\n".join(["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in _amounts(impact))])
    yield (
        f"Trading: {plural(impact.fills, 'fill')}, {plural(impact.rejected, 'order')} refused or unknown; "
        f"{_runs(impact)}. "
        f"Duration: {_duration(incident)}."
    )


def _runs(impact: Impact) -> str:
    """How many runs ended badly, and how many there were not."""
    bad = f"{impact.runs_in_trouble} of {plural(impact.runs, 'run')}" if impact.runs_in_trouble else "no run"
    missed = f", {plural(impact.missed, 'job')} missed" if impact.missed else ""
    return f"{bad} ended in trouble{missed}"


def _amounts(impact: Impact) -> Iterator[tuple[str, str]]:
    before = _moment(impact.equity_before_at, is_close=impact.equity_before_is_close)
    after = _moment(impact.equity_after_at, is_close=impact.equity_after_is_close)
    yield f"equity before{before}, USD", usd(impact.equity_before)
    yield f"equity after{after}, USD", usd(impact.equity_after)
    yield "deposits less withdrawals, USD", usd(impact.owner_moved)
    yield "gain or loss, USD", signed_usd(impact.change).text
    yield "of it realised, USD", signed_usd(impact.realised).text
    yield "unprotected at most, USD", usd(impact.unprotected)
    yield "unexplained by the ledger at most, USD", usd(impact.unexplained)


def _moment(at: datetime | None, *, is_close: bool) -> str:
    if at is None:
        return ""
    return f", at the close of {new_york_date(at)}" if is_close else f", as of {instant(at)}"


def _timeline(events: tuple[TimelineEvent, ...]) -> Iterator[str]:
    if not events:
        yield "Nothing was written in this time."
        return
    rows = (f"| {instant(event.at)} | {_cell(_event_text(event))} |" for event in events)
    yield "\n".join(["| New York time | what |", "|---|---|", *rows])


def _event_text(event: TimelineEvent) -> str:
    """The event's text, bold unless the event is routine."""
    text = _escaped(event.what) if event.routine else f"**{_escaped(event.what)}**"
    return text if event.last_at is None else f"{text} ({event.times} times, to {instant(event.last_at)})"


def _duration(incident: IncidentOutcome) -> str:
    if incident.lasted is None:
        return "-"
    minutes = int(incident.lasted / timedelta(minutes=1))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    text = " ".join(f"{figure} {unit}" for figure, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if figure)
    return (text or "a moment") + ("" if incident.is_over else " so far")


def _escaped(text: str) -> str:
    """A text on one line, with the special characters of Markdown escaped."""
    return "".join(f"\\{letter}" if letter in "*_`[]<>#" else letter for letter in " ".join(text.split()))


def _cell(text: str) -> str:
    """A text with the column separator of a Markdown table escaped."""
    return text.replace("|", "\\|")
