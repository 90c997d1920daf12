"""What the jobs that look back hand back: a report on a period, the decisions about a symbol, a replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account import CashEvent, CorporateAction, Fill
from tradebot.core.model.holdings import Holding, Trade
from tradebot.core.model.ledger_rows import DecisionRow, EquityPoint
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.results import PositionLine


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ReportOutcome(Outcome):
    """The material of a report over a period; the statistics of the curve are worked out where it is rendered.

    ``equity`` is the closing equity of each session of the period, led by the last point before it (the base), when
    there is one. ``benchmark`` holds the S&P 500 closes of the same sessions.
    """

    period: Period = Period.DAY
    first: date | None = None
    last: date | None = None
    equity: tuple[EquityPoint, ...] = ()
    benchmark: Mapping[date, float] = field(default_factory=dict)
    trades: tuple[Trade, ...] = ()
    by_strategy: Mapping[str, Totals] = field(default_factory=dict)
    positions: tuple[PositionLine, ...] = ()
    cash_events: tuple[CashEvent, ...] = ()
    denial_counts: Mapping[str, int] = field(default_factory=dict)
    period_fills: tuple[Fill, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainOutcome(Outcome):
    symbol: str = ""
    decisions: tuple[DecisionRow, ...] = ()
    holdings: tuple[Holding, ...] = ()
    actions: tuple[CorporateAction, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayOutcome(Outcome):
    sessions: int = 0
    jobs_run: int = 0
    seconds: float = 0.0
    report: ReportOutcome | None = None
