"""What needs the operator: breaks, shares without their stop, jobs whose work was not done, symbols that do not trade.

Halts are told by themselves, with the commands that end them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tradebot.core.model.breaks import Break
from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO, dollars, plural
from tradebot.core.safety.schedule_status import JobStatus, SessionJob, missed_jobs, missed_text
from tradebot.core.safety.stop_coverage import Gap


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a person has to look at."""

    what: str
    do: str  # what to do about it, as a command or a sentence
    urgent: bool = True  # False: it may settle by itself


@dataclass(frozen=True, slots=True)
class Closing:
    """The orders of ours that close positions at the market."""

    shares: Mapping[str, Decimal]  # by symbol, those that are not filled yet
    opens: datetime | None = None  # when the exchange opens for them (aware UTC); None: it is open


def find_needs(
    breaks: Iterable[Break],
    gaps: Iterable[Gap],
    jobs: Iterable[SessionJob],
    untradable: Iterable[tuple[str, str]],
    closing: Closing | None = None,
) -> tuple[Need, ...]:
    """What needs the operator, the most urgent kinds first.

    jobs: those of the sessions that are looked at. untradable: what is wrong with a symbol, and what to do.
    closing: the orders that close shares which have no stop any more.
    """
    return (
        *(_gap(gap, closing) for gap in gaps),
        *(_break(each) for each in breaks if each.matters),
        *_jobs(jobs),
        *(Need(what, do) for what, do in untradable),
    )


def _gap(gap: Gap, closing: Closing | None) -> Need:
    closed = closing.shares.get(gap.symbol, ZERO) if closing else ZERO
    if closing and closed and closed >= abs(gap.held - gap.protected):
        return _closing(gap, closed, closing.opens)
    bare = f", {dollars(gap.dollars)} without one" if gap.dollars else ""
    what = f"{gap.symbol}: the stop of {plural(abs(gap.held), 'share')} is {gap.kind.text}{bare}"
    return Need(
        what, "`tradebot check-exits` places it" if gap.kind.can_be_closed else "sell them by hand, or watch them"
    )


def _closing(gap: Gap, closed: Decimal, opens: datetime | None) -> Need:
    order = f"a {'sell' if gap.held > 0 else 'buy'} at the market of {plural(closed, 'share')}"
    when = f"is queued for the open, {new_york_text(opens)}" if opens else "is at work"
    what = f"{gap.symbol}: {order} {when}; nothing protects them until it fills, {dollars(gap.dollars)}"
    return Need(what, "it needs nothing more; `tradebot orders --open` shows it", urgent=False)


def _break(each: Break) -> Need:
    seen = "" if each.confirmed else "seen once, not confirmed: "
    return Need(f"{seen}{each.message}", "`tradebot reconcile`; docs/runbook.md, code 7", urgent=each.confirmed)


def _jobs(jobs: Iterable[SessionJob]) -> Iterator[Need]:
    jobs = tuple(jobs)
    if missed := missed_jobs(jobs):
        yield Need(missed_text(missed), "docs/runbook.md says what can be made up for")
    for each in jobs:
        if each.mark in _ENDED:
            yield Need(f"{each.job} of {each.session} {_ENDED[each.mark]}", "`tradebot status --full` says why")
        elif each.mark is JobStatus.OVERDUE:
            by_job = "diff --scheduled" if each.job is Job.DIFF else each.job  # by hand alone, it only looks
            yield Need(f"{each.job} of {each.session} has not begun", f"`tradebot {by_job}`")


_ENDED = {JobStatus.FAILED: "failed", JobStatus.BLOCKED: "was blocked"}
