"""An incident as the audit trail tells it: how grave, how long, what it cost, and what happened in order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import CashKind
from tradebot.core.model.exchange_time import new_york_instant, new_york_text
from tradebot.core.model.halts import HaltRule, HaltScope, scope_text
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.values import ZERO
from tradebot.core.results.audit_events import EMERGENCY_STOP, AuditEvent, AuditKind
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

#: Halts that a loss has set.
_LOSSES = frozenset({HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN})
#: How an emergency stop of earlier versions told its exit code, in a sentence and nowhere else.
_ENDED_WITH = "ended with "
_INCOMPLETE = frozenset({f"{ExitCode.INCOMPLETE:d}", f"{ExitCode.BROKER:d}"})
_ORDER_TROUBLE = frozenset({"rejected", "unknown"})


class IncidentSeverity(StrEnum):
    """The four classes of an incident."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    IncidentSeverity.SEV1: "a loss went beyond its limit, positions were unprotected, or a stop left something open",
    IncidentSeverity.SEV2: "trading was halted",
    IncidentSeverity.SEV3: "the service was degraded: runs failed or were missed, or ledger and broker disagreed",
    IncidentSeverity.SEV4: "nothing of that: an oddity, for the record",
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of the timeline. Trading that went as it should is there too, marked as ``routine``."""

    at: datetime
    what: str
    routine: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Something wrong from ``begin`` to ``end``; None when it was still so when the window closed."""

    what: str
    begin: datetime
    end: datetime | None
    severity: IncidentSeverity


@dataclass(frozen=True, slots=True)
class Impact:
    """What an incident touched, dollars in USD. Equity is None where none was recorded."""

    equity_before: Decimal | None
    equity_after: Decimal | None
    owner_moved: Decimal  # deposits less withdrawals, which are no gain
    realised: Decimal  # of round trips that ended
    unprotected: Decimal  # the most that was unprotected at the end of a job
    unexplained: Decimal  # the most that open breaks came to at once
    fills: int
    rejected: int
    runs: int
    runs_in_trouble: int
    missed: int

    @property
    def change(self) -> Decimal | None:
        """The equity's change that the owner did not make."""
        if self.equity_before is None or self.equity_after is None:
            return None
        return self.equity_after - self.equity_before - self.owner_moved


@dataclass(frozen=True, slots=True)
class IncidentOutcome(Outcome):
    """An incident in the window from ``since`` to ``until``; ``begin`` is None when nothing was wrong in it."""

    since: datetime | None = None
    until: datetime | None = None
    severity: IncidentSeverity = IncidentSeverity.SEV4
    begin: datetime | None = None
    end: datetime | None = None  # None while something is still wrong
    troubles: tuple[Span, ...] = ()
    impact: Impact | None = None
    timeline: tuple[TimelineEvent, ...] = ()

    @property
    def lasted(self) -> timedelta | None:
        """From the first thing that was wrong to the end of the last, or of the window."""
        end = self.end or self.until
        return end - self.begin if self.begin and end else None

    @property
    def is_over(self) -> bool:
        return self.begin is None or self.end is not None


def troubles_of(
    events: Sequence[AuditEvent], since: datetime, until: datetime, before: Sequence[AuditEvent] = ()
) -> tuple[Span, ...]:
    """Everything that was wrong in a window, by when it began. ``before`` are the halts and breaks of the time before
    it: what of them was not over belongs to it.
    """
    lasting = (*_halts((*before, *events), until), *_breaks((*before, *events)))
    found = [span for span in lasting if span.end is None or span.end >= since]
    found += [*_unprotected(events), *_moments_of_trouble(events)]
    return tuple(sorted(found, key=lambda span: span.begin))


def severity_of(troubles: Iterable[Span]) -> IncidentSeverity:
    """The gravest class among them."""
    return min((span.severity for span in troubles), default=IncidentSeverity.SEV4)


def impact_of(events: Sequence[AuditEvent], before: EquityPoint | None) -> Impact:
    """What it came to. ``before`` is the newest equity that was recorded before the window."""
    recorded = [index for index, event in enumerate(events) if event.kind == AuditKind.EQUITY_RECORDED]
    equity = [Decimal(events[index].text("equity")) for index in recorded]
    measured = events[0 if before else recorded[0] if recorded else len(events) :]  # what was paid in before is in it
    cash = [event for event in _of(measured, AuditKind.CASH_BOOKED) if CashKind(event.text("kind")).is_external]
    runs = _of(events, AuditKind.RUN_ENDED)
    return Impact(
        equity_before=before.equity if before else (equity[0] if equity else None),
        equity_after=equity[-1] if equity else (before.equity if before else None),
        owner_moved=sum((Decimal(event.text("amount")) for event in cash), ZERO),
        realised=sum((Decimal(event.text("pnl")) for event in _of(events, AuditKind.TRADE_CLOSED)), ZERO),
        unprotected=max(
            (_dollars(event, "unprotected") for event in _of(events, AuditKind.EQUITY_RECORDED)), default=ZERO
        ),
        unexplained=_most_unexplained(events),
        fills=len(_of(events, AuditKind.FILL_BOOKED)),
        rejected=sum(event.text("to") in _ORDER_TROUBLE for event in _of(events, AuditKind.ORDER_MOVED)),
        runs=len(runs),
        runs_in_trouble=sum(event.text("exit_code") not in ("", "0") for event in runs),
        missed=len(_of(events, AuditKind.JOB_MISSED)),
    )


def timeline_of(events: Sequence[AuditEvent]) -> tuple[TimelineEvent, ...]:
    """What happened, in order. Lines that say the same of one moment are one."""
    jobs = {event.subject: event.text("job") for event in _of(events, AuditKind.RUN_BEGAN)}
    moments = [moment for event in events for moment in _told(event, jobs)]
    return tuple(dict.fromkeys(sorted(moments, key=lambda moment: moment.at)))


def _told(event: AuditEvent, jobs: dict[str, str]) -> Iterator[TimelineEvent]:
    text = event.text
    match event.kind:
        case AuditKind.RUN_ENDED:
            fine = text("exit_code") in ("", "0")
            how = text("status") if fine else f"{text('status')}, exit code {text('exit_code')}"
            yield TimelineEvent(event.at, f"{jobs.get(event.subject, f'run {event.subject}')}: {how}", routine=fine)
        case AuditKind.JOB_MISSED:
            yield TimelineEvent(event.at, f"missed: {text('job')} of {text('session')}")
        case AuditKind.HALT_LATCHED:
            yield TimelineEvent(event.at, f"{text('level').upper()}{_whom(event)} by {text('rule')}: {text('reason')}")
        case AuditKind.HALT_CLEARED:
            yield TimelineEvent(event.at, f"halt{_whom(event)} of {text('rule')} cleared: {text('cleared_reason')}")
        case AuditKind.BREAK_OPENED:
            yield TimelineEvent(event.at, f"break: {text('message')}")
        case AuditKind.BREAK_CLOSED:
            yield TimelineEvent(event.at, f"break gone: {event.subject}")
        case AuditKind.ALERT_RAISED:
            yield TimelineEvent(event.at, f"alert ({text('level')}): {text('title')}")
        case AuditKind.FILL_BOOKED:
            what = f"{text('side')} {text('quantity')} {text('symbol')} @ {text('price')} filled"
            filled = datetime.fromisoformat(text("at"))
            yield TimelineEvent(event.at, f"{what}{_earlier(filled, event.at)}", routine=True)
        case AuditKind.ORDER_MOVED if text("to") in _ORDER_TROUBLE:
            yield TimelineEvent(event.at, f"order {event.subject}: {text('to')} {text('note')}".rstrip())
        case AuditKind.EQUITY_RECORDED if _dollars(event, "unprotected") > 0:
            yield TimelineEvent(event.at, f"{text('unprotected')} USD unprotected")
        case AuditKind.ADJUSTMENT_BOOKED:
            yield TimelineEvent(event.at, f"the ledger was corrected: {text('reason')}")
        case kind if kind == EMERGENCY_STOP:
            yield TimelineEvent(event.at, f"emergency stop: {text('did')} {event.subject} {text('detail')}".rstrip())


def _earlier(filled: datetime, booked: datetime) -> str:
    """When a fill was, where it was booked later: those of an emergency stop are, by the next job."""
    if booked - filled < timedelta(minutes=1):
        return ""
    return f" at {new_york_text(filled)}, booked now"


def _halts(events: Sequence[AuditEvent], until: datetime) -> Iterator[Span]:
    open_halts: dict[tuple[str, str, str], Span] = {}
    for event in events:
        name = (event.text("rule"), event.text("reason"), event.text("since"))
        if event.kind == AuditKind.HALT_LATCHED:
            what = f"halted{_whom(event)} by {name[0]}: {name[1]}"
            open_halts[name] = Span(what, event.at, _over_by_itself(event, until), _gravity(event))
        elif event.kind == AuditKind.HALT_CLEARED and name in open_halts:
            yield replace(open_halts.pop(name), end=event.at)
    yield from open_halts.values()


def _whom(event: AuditEvent) -> str:
    """Whom a halt is about, in words; "" for the account."""
    scope = event.text("scope")
    return "" if scope in ("", HaltScope.ACCOUNT) else f" {scope_text(HaltScope(scope), event.text('scope_name'))}"


def _over_by_itself(event: AuditEvent, until: datetime) -> datetime | None:
    """The beginning of the session from which a halt no longer holds, if that has come."""
    if not (day := event.text("until")):
        return None
    over = new_york_instant(date.fromisoformat(day), time())
    return over if over <= until else None


def _gravity(event: AuditEvent) -> IncidentSeverity:
    rule, scope = event.text("rule"), event.text("scope")
    if rule in _LOSSES:
        return IncidentSeverity.SEV1
    return IncidentSeverity.SEV2 if scope in ("", HaltScope.ACCOUNT) else IncidentSeverity.SEV3


def _breaks(events: Sequence[AuditEvent]) -> Iterator[Span]:
    open_breaks: dict[str, Span] = {}
    for event in events:
        if event.kind == AuditKind.BREAK_OPENED and event.text("severity") != "info":
            open_breaks[event.subject] = Span(event.text("message"), event.at, None, IncidentSeverity.SEV3)
        elif event.kind == AuditKind.BREAK_CLOSED and event.subject in open_breaks:
            yield replace(open_breaks.pop(event.subject), end=event.at)
    yield from open_breaks.values()


def _unprotected(events: Sequence[AuditEvent]) -> Iterator[Span]:
    exposed: Span | None = None
    for event in _of(events, AuditKind.EQUITY_RECORDED):
        dollars = _dollars(event, "unprotected")
        if dollars > 0 and exposed is None:
            exposed = Span(f"{dollars} USD unprotected", event.at, None, IncidentSeverity.SEV1)
        elif dollars == 0 and exposed is not None:
            yield replace(exposed, end=event.at)
            exposed = None
    if exposed is not None:
        yield exposed


def _moments_of_trouble(events: Sequence[AuditEvent]) -> Iterator[Span]:
    """What is wrong at one moment only: a run that failed or was missed, an order refused, a step of a stop."""
    jobs = {event.subject: event.text("job") for event in _of(events, AuditKind.RUN_BEGAN)}
    for event in events:
        if event.kind == AuditKind.RUN_ENDED and event.text("status") in ("failed", "blocked"):
            what = f"{jobs.get(event.subject, f'run {event.subject}')} {event.text('status')}"
            yield Span(what, event.at, event.at, IncidentSeverity.SEV3)
        elif event.kind == AuditKind.JOB_MISSED:
            yield Span(f"{event.text('job')} missed", event.at, event.at, IncidentSeverity.SEV3)
        elif event.kind == AuditKind.ORDER_MOVED and event.text("to") in _ORDER_TROUBLE:
            yield Span(f"order {event.text('to')}", event.at, event.at, IncidentSeverity.SEV3)
        elif event.kind == EMERGENCY_STOP and (code := _exit_code_of_stop(event)):
            incomplete = code in _INCOMPLETE
            what = f"an emergency stop {'left something open' if incomplete else 'was made'}"
            yield Span(what, event.at, event.at, IncidentSeverity.SEV1 if incomplete else IncidentSeverity.SEV2)


def _exit_code_of_stop(event: AuditEvent) -> str:
    """The exit code in the last entry of an emergency stop; "" in every other entry."""
    did = event.text("did")
    return event.text("exit_code") or (did.removeprefix(_ENDED_WITH) if did.startswith(_ENDED_WITH) else "")


def _most_unexplained(events: Sequence[AuditEvent]) -> Decimal:
    now: dict[str, Decimal] = {}
    most = ZERO
    for event in events:
        if event.kind in (AuditKind.BREAK_OPENED, AuditKind.BREAK_CHANGED):
            now[event.subject] = _dollars(event, "dollars")
        elif event.kind == AuditKind.BREAK_CLOSED:
            now.pop(event.subject, None)
        most = max(most, sum(now.values(), ZERO))
    return most


def _dollars(event: AuditEvent, name: str) -> Decimal:
    return Decimal(event.text(name) or "0")


def _of(events: Iterable[AuditEvent], kind: AuditKind) -> list[AuditEvent]:
    return [event for event in events if event.kind == kind]
