"""The incident report in Markdown: what the ledger knows is filled in, and the rest is left to be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tradebot.core.model.values import plural
from tradebot.core.results.incident import Impact, IncidentOutcome, IncidentSeverity, TimelineEvent
from tradebot.reports.formatting import instant, signed_usd, usd
from tradebot.reports.run_header import RunHeader

_NO_WORD = "_To be written._"


def incident_markdown(incident: IncidentOutcome, where: RunHeader) -> str:
    """The whole report, to be completed by hand. Times are New York's."""
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
        "## Root cause",
        _NO_WORD,
        "## Prevention",
        "- [ ] " + _NO_WORD,
        "## Severity classes",
        "\n".join(f"- **{severity}**: {severity.meaning}" for severity in IncidentSeverity),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(incident: IncidentOutcome, where: RunHeader) -> Iterator[str]:
    rows = {
        "severity": f"**{incident.severity}**: {incident.severity.meaning}",
        "began": instant(incident.begin),
        "ended": instant(incident.end) if incident.is_over else f"not yet at {instant(incident.until)}",
        "duration": _lasted(incident),
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
        f"- {_inline(span.what)} ({span.severity}), from {instant(span.begin)}"
        + ("" if span.end == span.begin else f" to {instant(span.end)}" if span.end else ", not over")
        for span in incident.troubles
    )


def _impact(incident: IncidentOutcome) -> Iterator[str]:
    impact = incident.impact
    if impact is None:
        return
    yield "\n".join(["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in _dollars(impact))])
    yield (
        f"Trading: {plural(impact.fills, 'fill')}, {plural(impact.rejected, 'order')} refused or unknown; "
        f"{impact.runs_in_trouble} of {plural(impact.runs, 'run')} did not end with 0, {impact.missed} missed. "
        f"Duration: {_lasted(incident)}."
    )


def _dollars(impact: Impact) -> Iterator[tuple[str, str]]:
    yield "equity before, USD", usd(impact.equity_before)
    yield "equity after, USD", usd(impact.equity_after)
    yield "deposits less withdrawals, USD", usd(impact.owner_moved)
    yield "gain or loss, USD", signed_usd(impact.change).text
    yield "of it realised, USD", signed_usd(impact.realised).text
    yield "unprotected at most, USD", usd(impact.unprotected)
    yield "unexplained by the ledger at most, USD", usd(impact.unexplained)


def _timeline(moments: tuple[TimelineEvent, ...]) -> Iterator[str]:
    if not moments:
        yield "Nothing was written in this time."
        return
    rows = (f"| {instant(moment.at)} | {_cell(_emphasised(moment))} |" for moment in moments)
    yield "\n".join(["| New York time | what |", "|---|---|", *rows])


def _emphasised(moment: TimelineEvent) -> str:
    return _inline(moment.what) if moment.routine else f"**{_inline(moment.what)}**"


def _lasted(incident: IncidentOutcome) -> str:
    if incident.lasted is None:
        return "-"
    minutes = int(incident.lasted / timedelta(minutes=1))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    shown = " ".join(f"{figure} {unit}" for figure, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if figure)
    return (shown or "a moment") + ("" if incident.is_over else " so far")


def _inline(text: str) -> str:
    """A text on one line, with what Markdown would take for its own marked as text."""
    return "".join(f"\\{letter}" if letter in "*_`[]<>#" else letter for letter in " ".join(text.split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
