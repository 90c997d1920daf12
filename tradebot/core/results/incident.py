"""An incident derived from the audit trail: severity, duration, impact and timeline. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from tradebot.core.accounting.bridge import Moment
from tradebot.core.model.exchange_time import new_york_instant, new_york_text
from tradebot.core.model.halts import LOSS_RULES, HaltScope, scope_text
from tradebot.core.model.opening import is_id_of_opening
from tradebot.core.model.values import ZERO, dollars
from tradebot.core.results.audit_events import EMERGENCY_STOP, AuditEvent, AuditKind
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

#: Prefix of the last entry of an emergency stop by earlier versions, which wrote the exit code as text only.
_ENDED_WITH = "ended with "
_INCOMPLETE = frozenset({f"{ExitCode.INCOMPLETE:d}", f"{ExitCode.BROKER:d}"})
_ORDER_TROUBLE = frozenset({"rejected", "unknown"})


class IncidentSeverity(StrEnum):
    """Severity of an incident. ``meaning`` defines each class."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    @property
    def meaning(self) -> str:
        """The definition of the class, for people."""
        return _MEANINGS[self]


_MEANINGS = {
    IncidentSeverity.SEV1: "a loss went beyond its limit, positions were unprotected, or a stop left something open",
    IncidentSeverity.SEV2: "trading was halted",
    IncidentSeverity.SEV3: "the service was degraded: runs failed or were missed, or ledger and broker disagreed",
    IncidentSeverity.SEV4: "no loss, no halt, no failure: an oddity, for the record",
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of the timeline, or several equal ones in a row."""

    at: datetime  # desk time, aware UTC
    what: str
    routine: bool = False  # normal operation: a successful run, a fill
    times: int = 1
    last_at: datetime | None = None  # when it was so for the last time; None where it was so once


@dataclass(frozen=True, slots=True)
class Trouble:
    """A condition that is part of an incident, or momentary ones of a kind. Instants are desk time, aware UTC."""

    what: str
    begin: datetime
    end: datetime | None  # None: unresolved at the end of the window
    severity: IncidentSeverity


@dataclass(frozen=True, slots=True)
class Impact:
    """The figures of an incident. Amounts are USD."""

    equity_before: Decimal | None  # None: no equity was recorded
    equity_before_at: datetime | None  # desk time, aware UTC
    equity_before_is_close: bool  # whether it is the equity at a session's close
    equity_after: Decimal | None
    equity_after_at: datetime | None
    equity_after_is_close: bool
    owner_moved: Decimal  # deposits less withdrawals between the two, which are no gain
    realised: Decimal  # P&L of closed trades
    unprotected: Decimal  # maximum of the unprotected market value over the ends of jobs
    unexplained: Decimal  # maximum over time of the sum of open breaks
    fills: int
    rejected: int  # orders rejected or of unknown outcome
    runs: int
    runs_in_trouble: int  # runs with an exit code other than 0
    missed: int  # jobs that did not run in their session

    @property
    def change(self) -> Decimal | None:
        """The change of the equity less external cash flows; None when an equity is missing."""
        if self.equity_before is None or self.equity_after is None:
            return None
        return self.equity_after - self.equity_before - self.owner_moved


@dataclass(frozen=True, slots=True)
class IncidentOutcome(Outcome):
    """The incident of a window of time. Instants are desk time, aware UTC."""

    since: datetime | None = None  # begin of the window
    until: datetime | None = None  # end of the window
    severity: IncidentSeverity = IncidentSeverity.SEV4
    begin: datetime | None = None  # begin of the first trouble; None: no trouble
    end: datetime | None = None  # end of the last trouble; None: unresolved
    troubles: tuple[Trouble, ...] = ()
    impact: Impact | None = None
    timeline: tuple[TimelineEvent, ...] = ()

    @property
    def lasted(self) -> timedelta | None:
        """From the begin of the first trouble to the end of the last one, or of the window while unresolved."""
        end = self.end or self.until
        return end - self.begin if self.begin and end else None

    @property
    def is_over(self) -> bool:
        """Whether every trouble has ended."""
        return self.begin is None or self.end is not None


def find_troubles(
    events: Sequence[AuditEvent], since: datetime, until: datetime, before: Sequence[AuditEvent] = ()
) -> tuple[Trouble, ...]:
    """The troubles of the window from ``since`` to ``until``, by begin.

    events: the audit events of the window, in order.
    before: the events of halts and breaks before the window. Those still open at ``since`` are included.
    """
    lasting = (*_halts((*before, *events), until), *_breaks((*before, *events)))
    troubles = [trouble for trouble in lasting if trouble.end is None or trouble.end >= since]
    troubles += [*_unprotected(events), *_stops(events), *_grouped(_momentary(events))]
    return tuple(sorted(troubles, key=lambda trouble: trouble.begin))


def worst_severity(troubles: Iterable[Trouble]) -> IncidentSeverity:
    """The highest severity among ``troubles``; SEV4 for none."""
    return min((trouble.severity for trouble in troubles), default=IncidentSeverity.SEV4)


def measure_impact(
    events: Sequence[AuditEvent], before: Moment | None, after: Moment | None, owner_moved: Decimal
) -> Impact:
    """The figures of a window.

    before, after: the newest equity known before it and until its end.
    owner_moved: deposits less withdrawals between them, USD.
    """
    runs = _of(events, AuditKind.RUN_ENDED)
    return Impact(
        equity_before=before.equity if before else None,
        equity_before_at=before.at if before else None,
        equity_before_is_close=before is not None and before.is_close,
        equity_after=after.equity if after else None,
        equity_after_at=after.at if after else None,
        equity_after_is_close=after is not None and after.is_close,
        owner_moved=owner_moved,
        realised=sum((Decimal(event.text("pnl")) for event in _of(events, AuditKind.TRADE_CLOSED)), ZERO),
        unprotected=max(
            (_dollars(event, "unprotected") for event in _of(events, AuditKind.EQUITY_RECORDED)), default=ZERO
        ),
        unexplained=_max_unexplained(events),
        fills=len(_of(events, AuditKind.FILL_BOOKED)),
        rejected=sum(event.text("to") in _ORDER_TROUBLE for event in _of(events, AuditKind.ORDER_MOVED)),
        runs=len(runs),
        runs_in_trouble=sum(event.text("exit_code") not in ("", "0") for event in runs),
        missed=len(_of(events, AuditKind.JOB_MISSED)),
    )


def build_timeline(events: Sequence[AuditEvent]) -> tuple[TimelineEvent, ...]:
    """The timeline of ``events``, by time, without duplicates. Lines of one text in a row are one."""
    jobs = {event.subject: event.text("job") for event in _of(events, AuditKind.RUN_BEGAN)}
    lines = [line for event in events for line in _timeline_events(event, jobs)]
    unique = dict.fromkeys(sorted(lines, key=lambda line: line.at))
    return tuple(_line_of(list(equal)) for _, equal in groupby(unique, key=lambda line: (line.what, line.routine)))


def _line_of(equal: Sequence[TimelineEvent]) -> TimelineEvent:
    first, *rest = equal
    return replace(first, times=len(equal), last_at=rest[-1].at) if rest else first


def _timeline_events(event: AuditEvent, jobs: dict[str, str]) -> Iterator[TimelineEvent]:
    """The line of an audit event, or none. ``jobs`` are the job names by run id."""
    text = event.text
    match event.kind:
        case AuditKind.RUN_ENDED:
            succeeded = text("exit_code") in ("", "0")
            result = text("status") if succeeded else f"{text('status')}, exit code {text('exit_code')}"
            job = jobs.get(event.subject, f"run {event.subject}")
            yield TimelineEvent(event.at, f"{job}: {result}", routine=succeeded)
        case AuditKind.JOB_MISSED:
            yield TimelineEvent(event.at, f"missed: {text('job')} of {text('session')}")
        case AuditKind.HALT_LATCHED:
            yield TimelineEvent(event.at, f"{text('level').upper()}{_scope(event)} by {text('rule')}: {text('reason')}")
        case AuditKind.HALT_CLEARED:
            yield TimelineEvent(event.at, f"halt{_scope(event)} of {text('rule')} cleared: {text('cleared_reason')}")
        case AuditKind.BREAK_OPENED:
            yield TimelineEvent(event.at, f"break: {text('message')}")
        case AuditKind.BREAK_CLOSED:
            yield TimelineEvent(event.at, f"break gone: {event.subject}")
        case AuditKind.ALERT_RAISED:
            yield TimelineEvent(event.at, f"alert ({text('level')}): {text('title')}")
        case AuditKind.ACCOUNT_OPENED:
            yield TimelineEvent(event.at, "the ledger met the account", routine=True)
        case AuditKind.FILL_BOOKED:
            fill = f"{text('side')} {text('quantity')} {text('symbol')} @ {text('price')} filled"
            late = _late_booking_text(datetime.fromisoformat(text("at")), event.at)
            yield TimelineEvent(event.at, f"{fill}{late}", routine=True)
        case AuditKind.ORDER_MOVED if text("to") in _ORDER_TROUBLE:
            yield TimelineEvent(event.at, f"order {event.subject}: {text('to')} {text('note')}".rstrip())
        case AuditKind.EQUITY_RECORDED if _dollars(event, "unprotected") > 0:
            yield TimelineEvent(event.at, f"{dollars(_dollars(event, 'unprotected'))} unprotected")
        case AuditKind.ADJUSTMENT_BOOKED if not is_id_of_opening(event.subject):
            yield TimelineEvent(event.at, f"the ledger was corrected: {text('reason')}")
        case kind if kind == EMERGENCY_STOP:
            yield TimelineEvent(event.at, f"emergency stop: {text('did')} {event.subject} {text('detail')}".rstrip())


def _late_booking_text(filled: datetime, booked: datetime) -> str:
    """The time of a fill that was booked a minute or more later; "" for others.

    The next job books the fills of an emergency stop.
    """
    if booked - filled < timedelta(minutes=1):
        return ""
    return f" at {new_york_text(filled)}, booked now"


def _halts(events: Sequence[AuditEvent], until: datetime) -> Iterator[Trouble]:
    open_halts: dict[tuple[str, str, str], Trouble] = {}
    for event in events:
        key = (event.text("rule"), event.text("reason"), event.text("since"))
        if event.kind == AuditKind.HALT_LATCHED:
            what = f"halted{_scope(event)} by {key[0].replace('_', ' ')}: {key[1]}"
            open_halts[key] = Trouble(what, event.at, _expiry(event, until), _halt_severity(event))
        elif event.kind == AuditKind.HALT_CLEARED and key in open_halts:
            yield replace(open_halts.pop(key), end=event.at)
    yield from open_halts.values()


def _scope(event: AuditEvent) -> str:
    """The scope of a halt as text with a leading space; "" for the account."""
    scope = event.text("scope")
    return "" if scope in ("", HaltScope.ACCOUNT) else f" {scope_text(HaltScope(scope), event.text('scope_name'))}"


def _expiry(event: AuditEvent, until: datetime) -> datetime | None:
    """When a halt expires by itself: New York's midnight of its ``until`` date; None when never or after ``until``."""
    if not (day := event.text("until")):
        return None
    expiry = new_york_instant(date.fromisoformat(day), time())
    return expiry if expiry <= until else None


def _halt_severity(event: AuditEvent) -> IncidentSeverity:
    rule, scope = event.text("rule"), event.text("scope")
    if rule in LOSS_RULES:
        return IncidentSeverity.SEV1
    return IncidentSeverity.SEV2 if scope in ("", HaltScope.ACCOUNT) else IncidentSeverity.SEV3


def _breaks(events: Sequence[AuditEvent]) -> Iterator[Trouble]:
    open_breaks: dict[str, Trouble] = {}
    for event in events:
        if event.kind == AuditKind.BREAK_OPENED and event.text("severity") != "info":
            open_breaks[event.subject] = Trouble(event.text("message"), event.at, None, IncidentSeverity.SEV3)
        elif event.kind == AuditKind.BREAK_CLOSED and event.subject in open_breaks:
            yield replace(open_breaks.pop(event.subject), end=event.at)
    yield from open_breaks.values()


def _unprotected(events: Sequence[AuditEvent]) -> Iterator[Trouble]:
    exposed: Trouble | None = None
    for event in _of(events, AuditKind.EQUITY_RECORDED):
        bare = _dollars(event, "unprotected")
        if bare > 0 and exposed is None:
            exposed = Trouble(f"{dollars(bare)} unprotected", event.at, None, IncidentSeverity.SEV1)
        elif bare == 0 and exposed is not None:
            yield replace(exposed, end=event.at)
            exposed = None
    if exposed is not None:
        yield exposed


@dataclass(frozen=True, slots=True)
class _Moment:
    """A job or an order that went wrong, without duration."""

    at: datetime
    what: str  # the name of the job; "order"
    how: str  # what became of it


def _momentary(events: Sequence[AuditEvent]) -> Iterator[_Moment]:
    """Failed, blocked and missed jobs, and orders that were refused or are unknown."""
    jobs = {event.subject: event.text("job") for event in _of(events, AuditKind.RUN_BEGAN)}
    for event in events:
        if event.kind == AuditKind.RUN_ENDED and event.text("status") in ("failed", "blocked"):
            yield _Moment(event.at, jobs.get(event.subject, f"run {event.subject}"), event.text("status"))
        elif event.kind == AuditKind.JOB_MISSED:
            yield _Moment(event.at, event.text("job"), "missed")
        elif event.kind == AuditKind.ORDER_MOVED and event.text("to") in _ORDER_TROUBLE:
            yield _Moment(event.at, "order", event.text("to"))


def _grouped(moments: Iterable[_Moment]) -> Iterator[Trouble]:
    """One trouble for all moments of a kind, from the first to the last of them."""
    kinds: dict[tuple[bool, str], list[_Moment]] = {}
    for moment in moments:
        kinds.setdefault((moment.what == "order", moment.how), []).append(moment)
    for (is_order, how), of_kind in kinds.items():
        counts = Counter(moment.what for moment in of_kind)
        if len(of_kind) == 1:
            what = f"{of_kind[0].what} {how}"
        elif is_order:
            what = f"{len(of_kind)} orders {how}"
        else:
            shares = ", ".join(f"{count} {job}" for job, count in counts.most_common())
            what = f"{len(of_kind)} jobs {how}: {shares}"
        yield Trouble(what, of_kind[0].at, of_kind[-1].at, IncidentSeverity.SEV3)


def _stops(events: Sequence[AuditEvent]) -> Iterator[Trouble]:
    """The emergency stops."""
    for event in events:
        if event.kind == EMERGENCY_STOP and (code := _exit_code_of_stop(event)):
            incomplete = code in _INCOMPLETE
            what = f"an emergency stop {'left something open' if incomplete else 'was made'}"
            yield Trouble(what, event.at, event.at, IncidentSeverity.SEV1 if incomplete else IncidentSeverity.SEV2)


def _exit_code_of_stop(event: AuditEvent) -> str:
    """The exit code of an emergency stop, which its last entry holds; "" for the other entries."""
    did = event.text("did")
    return event.text("exit_code") or (did.removeprefix(_ENDED_WITH) if did.startswith(_ENDED_WITH) else "")


def _max_unexplained(events: Sequence[AuditEvent]) -> Decimal:
    """The maximum over time of the sum of the open breaks, USD."""
    open_breaks: dict[str, Decimal] = {}
    highest = ZERO
    for event in events:
        if event.kind in (AuditKind.BREAK_OPENED, AuditKind.BREAK_CHANGED):
            open_breaks[event.subject] = _dollars(event, "dollars")
        elif event.kind == AuditKind.BREAK_CLOSED:
            open_breaks.pop(event.subject, None)
        highest = max(highest, sum(open_breaks.values(), ZERO))
    return highest


def _dollars(event: AuditEvent, name: str) -> Decimal:
    return Decimal(event.text(name) or "0")


def _of(events: Iterable[AuditEvent], kind: AuditKind) -> list[AuditEvent]:
    return [event for event in events if event.kind == kind]
