"""What happened in the period of a report beside its trades: limits used, halts, drills, breaks, jobs, turnover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.limits import LimitUsed

#: Shares of limits are told with so many decimal places.
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class LimitLine:
    """The highest use of a limit in the period, against its setting then, both in the unit of the setting."""

    setting: str
    value: Decimal  # the highest use
    limit: Decimal
    share: Decimal  # used / limit
    session: date  # of the highest use; the first of several


@dataclass(frozen=True, slots=True)
class HaltLine:
    """A halt that was in force in the period."""

    rule: str
    level: str
    subject: str  # "the account", "strategy trend", "symbol AAPL"
    reason: str
    began_at: datetime  # aware UTC
    ended_at: datetime | None  # None: it was not cleared
    ended_by: str  # the reason of the end; "" where it was not cleared
    until: date | None  # the session from which it no longer holds by itself


@dataclass(frozen=True, slots=True)
class DrillLine:
    """A drill of the emergency stop. ``at`` is the machine's time, aware UTC; durations are seconds."""

    at: datetime
    passed: bool
    to_latch: float | None
    to_first_cancel: float | None
    to_flat: float | None


@dataclass(frozen=True, slots=True)
class BreakLine:
    """A difference between ledger and broker that was found in the period."""

    kind: str
    symbol: str
    severity: str
    dollars: Decimal
    message: str
    first_seen: date
    closed_at: datetime | None  # aware UTC; None: it is open


@dataclass(frozen=True, slots=True)
class JobCount:
    """How often a job ended in one way in the period."""

    job: str
    status: str  # "ran", "idle", "blocked", "failed", "running" for one that died, or "missed"
    times: int


@dataclass(frozen=True, slots=True)
class Turnover:
    """How much was traded against what the account was worth, USD."""

    bought: Decimal
    sold: Decimal
    mean_equity: Decimal
    ratio: Decimal | None  # the smaller of bought and sold / mean equity, as funds report it; None without equity


def limit_lines(uses: Iterable[tuple[date, LimitUsed]]) -> tuple[LimitLine, ...]:
    """The highest use of each limit, those with the highest share first."""
    most: dict[str, LimitLine] = {}
    for session, each in uses:
        share, known = each.share.quantize(PLACES), most.get(each.setting)
        if known is None or share > known.share:
            most[each.setting] = LimitLine(each.setting, each.used, each.limit, share, session)
    return tuple(sorted(most.values(), key=lambda line: (-line.share, line.setting)))
