"""The state of an account at a glance: what may be sent, why not, and what needs the operator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tradebot.core.model.halts import Halt, HaltLevel, account_text, distinct, sources_text
from tradebot.core.model.values import plural
from tradebot.core.results.halt_texts import since_text
from tradebot.core.results.needs import Need
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.errors import ExitCode
from tradebot.reports.formatting import instant
from tradebot.reports.layout import Tone

_WORDS = {
    HaltLevel.RUNNING: ("RUNNING", "Entries and exits are sent.", Tone.GOOD),
    HaltLevel.REDUCING: ("REDUCING", "Exits only: no entry is sent.", Tone.WARN),
    HaltLevel.HALTED: ("STOPPED", "Only cancels, closes and protective stops are sent.", Tone.BAD),
}
#: What a home cannot be read for, by the code of its jobs, and what says more.
_UNREADABLE = {
    ExitCode.LEDGER: (
        "What this home has recorded cannot be read, and no job enters until it can. The emergency stop works without "
        "it.",
        "`tradebot verify` says more; docs/runbook.md, code 10",
    ),
    ExitCode.CONFIG: (
        "The settings of this home are wrong, and no job does anything until they are right. The emergency stop works, "
        "unless they leave the account uncertain.",
        "`tradebot config check` names every error; docs/runbook.md, code 3",
    ),
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an account, a strategy or a symbol is halted, and what ends it."""

    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Glance:
    """The state of an account for people."""

    word: str  # RUNNING, REDUCING, STOPPED or HALTED (unreadable)
    meaning: str
    tone: Tone
    reasons: tuple[Reason, ...] = ()
    needs: tuple[Need, ...] = ()
    at_work: str = ""  # the run that holds the lock; "" for none
    trouble: str = ""  # why the broker could not be asked; "": it was
    may_resume: bool = False  # whether a halt is there that `tradebot resume` ends
    is_known: bool = True  # False: needs may exist that nothing tells
    is_readable: bool = True  # whether the records of the home could be read


def glance(status: StatusOutcome) -> Glance:
    """The state by an outcome of `status`."""
    word, meaning, tone = _WORDS[status.level]
    return Glance(
        word,
        meaning,
        tone,
        _reasons(status.halts),
        status.needs,
        status.lock_holder,
        status.trouble,
        any(halt.may_be_resumed for halt in status.halts),
        is_known=not status.trouble,
    )


def unreadable(trouble: str, halts: Iterable[Halt] = (), code: ExitCode = ExitCode.LEDGER) -> Glance:
    """The state of a home whose records or settings cannot be read: a latch that cannot be read counts as set.

    halts: those that are known without the records. code: what a job of the home ends with, LEDGER or CONFIG.
    """
    meaning, more = _UNREADABLE[code]
    return Glance(
        "HALTED (unreadable)",
        meaning,
        Tone.BAD,
        (Reason(trouble, more), *_reasons(halts)),
        is_known=False,
        is_readable=False,
    )


def waiting() -> Glance:
    """The state while the records of the home have not answered: another process holds them, or their server hangs."""
    return Glance(
        "NOT KNOWN YET",
        "What this home has recorded has not been read so far. The emergency stop works without it.",
        Tone.WARN,
        is_known=False,
        is_readable=False,
    )


def stopping() -> Glance:
    """The state while an emergency stop is at work."""
    return Glance("STOPPING", "An emergency stop is at work, and no job sends an entry.", Tone.WARN, is_known=False)


def age_text(age: timedelta, at: datetime) -> str:
    """How long ago something was looked at, for people; beyond a day when that was."""
    seconds = max(0, int(age.total_seconds()))
    if age >= _DAY:
        return f"at {instant(at)}"
    if seconds < 60:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 3600 else f"{seconds // 3600} h ago"


def _reasons(halts: Iterable[Halt]) -> tuple[Reason, ...]:
    """Why, a reason for each halt; halts that differ in their time alone are one: a stop that was run again."""
    alike: dict[object, list[tuple[Halt, ...]]] = {}
    for same in distinct(halts):
        halt = same[0]
        key = (halt.subject, halt.level, halt.rule, halt.reason, halt.holds, account_text(same), sources_text(same))
        alike.setdefault(key, []).append(same)
    return tuple(map(_reason, alike.values()))


def _reason(times: Sequence[tuple[Halt, ...]]) -> Reason:
    """``times``: the same halt, each time that it was set, as several latches hold it."""
    same = times[0]
    halt = same[0]
    level = max((each.level for each in same), key=list(HaltLevel).index)
    subject = "" if halt.of_account else f"{level.upper()} {halt.subject}: "
    dated = sorted(
        (each[0] for each in times if each[0].since), key=lambda each: each.since.timestamp() if each.since else 0.0
    )
    since = f" on {since_text(dated[0])}" if dated else ""
    again = f", and {plural(len(times) - 1, 'more time')} up to {since_text(dated[-1])}" if len(dated) > 1 else ""
    detail = (
        f"Set by {sources_text(same)} ({halt.rule.replace('_', ' ')}){since}{again}, {halt.holds}; for "
        f"{account_text(same)}."
    )
    return Reason(f"{subject}{halt.reason}", detail)
