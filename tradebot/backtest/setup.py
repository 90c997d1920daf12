"""What a backtest is run with, which sessions it walks, and what it notes of its decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from tradebot.backtest.account_at_open import AccountAtOpen
from tradebot.backtest.bars import Steps
from tradebot.core.model.limits import Limits
from tradebot.core.model.plan import DenialCode, Situation
from tradebot.core.planning.entries import EntryDecision
from tradebot.market.matching import FillRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a backtest is run with, beside bars and signals."""

    limits: Limits
    cash: Decimal  # USD to begin with
    rules: FillRules = field(default_factory=FillRules)
    first: date | None = None  # session; None: the first with one before it
    last: date | None = None
    close_positions: bool = False  # whether a loss that halts closes every position
    opening: AccountAtOpen | None = None  # what the first session begins with beside the cash; None: nothing


class Denied(NamedTuple):
    """A denial, as it is counted."""

    row: int
    strategy: str
    symbol: str
    code: DenialCode
    value: Decimal | None
    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What run-daily decided on entries in a session, and the situation it did so in, without what is held."""

    situation: Situation
    stops: Steps  # of what is held, as it was decided with
    decisions: tuple[EntryDecision, ...]


def morning_of(session: date) -> datetime:
    """The time of a session's decisions: 14:35 UTC."""
    return datetime.combine(session, time(14, 35), UTC)


def rows_of(sessions: Sequence[date], setup: Setup) -> range:
    """The rows of the sessions to walk. The first session of the bars has none before it to decide on."""
    inside = [
        row
        for row, session in enumerate(sessions)
        if row and (setup.first is None or session >= setup.first) and (setup.last is None or session <= setup.last)
    ]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def no_session_text(sessions: Sequence[date], setup: Setup) -> str:
    """What to say where ``rows_of`` is empty."""
    since = f" from {setup.first}" if setup.first else ""
    until = f" to {setup.last}" if setup.last else ""
    if len(sessions) < 2:
        return "the prices have too few sessions to trade. Give --data a longer file."
    return (
        f"the prices have no session to trade{since}{until}: theirs are {sessions[1]} to {sessions[-1]}. "
        "Give other days for --from and --to."
    )
