"""Where the exchange stands: its account, its session, its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Phase(StrEnum):
    """How far a session has been worked through; each phase says which price of the bar is the newest one."""

    PRE_OPEN = "pre-open"  # orders queue; the last price is the previous close
    OPEN = "open"  # until five minutes after the open; the last price is the open
    RESOLVED = "resolved"  # the bar's range has been used up; the last price is its close
    CLOSED = "closed"  # orders queue for the next session


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """The exchange's own row. ``now`` is aware UTC; ``begun_on`` the New York wall date that last began a session."""

    generation: int
    account_id: str
    starting_cash: Decimal
    session: date
    now: datetime
    phase: Phase
    begun_on: date | None = None
