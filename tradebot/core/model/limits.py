"""The limits of an account, and the session's counters against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class LossAction(StrEnum):
    """The action on a day's loss beyond its limit: STOP makes an emergency stop, REDUCE allows exits only."""

    STOP = "stop"
    REDUCE = "reduce"


class BreaksHaltEnds(StrEnum):
    """What ends a halt for breaks: EXPLAINED, two jobs in a row that explain everything; RESUME, a person alone."""

    EXPLAINED = "explained"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an account. A field is the setting of the same name, and the settings hold its default.

    ``*_pct`` is a fraction (0.10 is 10%), of equity unless said otherwise; ``*_value`` is in USD.
    """

    max_positions: int
    max_position_size_pct: Decimal
    max_portfolio_risk_pct: Decimal  # the loss if every stop is hit
    max_gross_exposure_pct: Decimal
    risk_per_trade_pct: Decimal
    default_stop_loss_pct: Decimal  # of the entry price
    default_take_profit_pct: Decimal  # of the entry price
    daily_loss_limit_pct: Decimal  # of the equity at the previous close
    emergency_stop_loss_pct: Decimal  # of the equity's peak
    max_daily_trades: int  # entries a session
    min_order_value: Decimal
    max_order_value: Decimal
    allow_symbols: frozenset[str]  # empty allows all
    deny_symbols: frozenset[str]
    price_collar_pct: Decimal  # of the last price, and of the previous close
    max_order_adv_pct: Decimal  # of the average volume of 20 sessions
    max_orders_per_minute: int
    max_orders_per_session: int
    repeat_order_limit: int  # filled entries of one strategy into one symbol
    repeat_order_sessions: int
    probation_sessions: int
    probation_size_pct: Decimal  # of the quantity without probation
    daily_loss_action: LossAction
    limit_breach_tolerance_pct: Decimal  # of the limit that is exceeded
    failed_runs_limit: int  # of one job in a row
    break_halt_value: Decimal
    breaks_halt_ends: BreaksHaltEnds


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of a session, read from the ledger and the broker, never kept in memory between runs."""

    session: date
    entries_sent: int
    baseline_equity: Decimal  # USD, the capital of the day: its loss is measured from it
    peak_equity: Decimal  # USD, the highest since the last rebase: the drawdown is measured from it
    uncounted_today: Decimal = Decimal(0)  # USD of equity that is no result of the day: money paid in
    uncounted: Decimal = Decimal(0)  # USD of equity that nothing explains: the drawdown leaves it out
    orders_sent: int = 0  # submissions of any purpose; a resubmitted order counts twice
    orders_last_minute: int = 0  # the same, of the last 60 seconds


@dataclass(frozen=True, slots=True)
class LimitUsed:
    """How far a limit was used at one moment, against its setting at that moment, both in the unit of the setting."""

    setting: str  # its name, such as MAX_POSITIONS
    used: Decimal
    limit: Decimal

    @property
    def share(self) -> Decimal:
        """The part of the limit that was used: 1 where it was used up. Any use of a limit of 0 uses it up."""
        if self.limit > 0:
            return self.used / self.limit
        return Decimal(self.used > 0)
