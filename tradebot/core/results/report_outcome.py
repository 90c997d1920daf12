"""The outcomes of `report` and `replay`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.accounting.bridge import Bridge
from tradebot.core.accounting.months import MonthLine
from tradebot.core.accounting.performance import Totals
from tradebot.core.accounting.trading_cost import TradingCost
from tradebot.core.model.account import CashEvent, Fill
from tradebot.core.model.halts import Halt
from tradebot.core.model.holdings import Trade
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.opening import Opening
from tradebot.core.results.bare_lines import BareLine
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.period_lines import (
    BreakLine,
    DrillLine,
    HaltLine,
    JobCount,
    LimitLine,
    Turnover,
)
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_periods import Period


@dataclass(frozen=True, slots=True)
class ReportOutcome(Outcome):
    """The outcome of `report`: the data of a period. Reports compute the statistics of the equity curve from it."""

    period: Period = Period.DAY
    first: date | None = None  # first session of the period
    last: date | None = None  # last session of the period
    is_over: bool = False  # whether it ended before the newest session: then positions are as recorded at its end
    #: At the close of each session; before them the last point before the period, or the opening's where it is within.
    equity: tuple[EquityPoint, ...] = ()
    bridge: Bridge | None = None  # from the equity before the period to that at its end; None: not known at both
    opening: Opening | None = None  # of the account, where it lies within the period
    benchmark: Mapping[date, float] = field(default_factory=dict)  # S&P 500 close by session
    #: Return by symbol of the strategies, traded or not, held over the same sessions; empty for a day, or not known.
    buy_and_hold: Mapping[str, Decimal] = field(default_factory=dict)
    not_compared: tuple[str, ...] = ()  # what of both is missing in a period that is over, and why
    trades: tuple[Trade, ...] = ()  # closed in the period, the newest of them where there are very many
    by_strategy: Mapping[str, Totals] = field(default_factory=dict)
    by_symbol: Mapping[str, Totals] = field(default_factory=dict)
    best_trades: tuple[Trade, ...] = ()  # those that won most
    worst_trades: tuple[Trade, ...] = ()  # those that lost most
    months: tuple[MonthLine, ...] = ()
    turnover: Turnover | None = None  # None without equity
    positions: tuple[PositionLine, ...] = ()
    positions_at: datetime | None = None  # of a period that is over: when they were seen, aware UTC
    unrealised: Decimal | None = None  # USD, of all positions; None: not recorded
    unrealised_by_strategy: Mapping[str, Decimal] = field(default_factory=dict)
    cost: TradingCost | None = None
    limits_used: tuple[LimitLine, ...] = ()  # empty: not recorded
    sessions_without_limits: int = 0  # sessions of the period for which the use of limits is not recorded
    bare: tuple[BareLine, ...] = ()  # that began in the period, and those that last
    halts_in_period: tuple[HaltLine, ...] = ()  # that were in force in it, over by now or not
    breaks_in_period: tuple[BreakLine, ...] = ()  # that were first seen in it
    drills: tuple[DrillLine, ...] = ()
    jobs: tuple[JobCount, ...] = ()
    cash_events: tuple[CashEvent, ...] = ()
    denial_counts: Mapping[str, int] = field(default_factory=dict)  # by rule
    period_fills: tuple[Fill, ...] = ()  # likewise


@dataclass(frozen=True, slots=True)
class HaltMet:
    """A halt that was set while sessions were replayed."""

    session: date  # in which it was set
    halt: Halt
    then: str  # what the replay did about it, for people


@dataclass(frozen=True, slots=True)
class ReplayOutcome(Outcome):
    """The outcome of `replay`."""

    sessions: int = 0  # replayed by this command
    sessions_before: int = 0  # of the same replay, by commands that were stopped
    sessions_asked: int = 0
    jobs_run: int = 0
    halts_met: tuple[HaltMet, ...] = ()
    seconds: float = 0.0  # wall-clock duration
    report: ReportOutcome | None = None
