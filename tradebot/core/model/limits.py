"""The limits an account trades under, and today's counters against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class LossAction(StrEnum):
    """What a day's loss beyond its limit brings about: an emergency stop, or no more than exits."""

    STOP = "stop"
    REDUCE = "reduce"


@dataclass(frozen=True, slots=True)
class Limits:
    """Fractions (0.10 is 10 %) of equity unless said otherwise; values in USD; counts per session.

    ``allow_symbols`` empty allows all. ``price_collar_pct`` is of a price, ``max_order_adv_pct`` of a volume, and
    ``probation_size_pct`` of the size that an entry would have otherwise; ``limit_breach_tolerance_pct`` is of a limit.
    """

    max_positions: int = 10
    max_position_size_pct: Decimal = Decimal("0.10")
    max_portfolio_risk_pct: Decimal = Decimal("0.05")
    max_gross_exposure_pct: Decimal = Decimal("1.00")
    risk_per_trade_pct: Decimal = Decimal("0.005")
    default_stop_loss_pct: Decimal = Decimal("0.02")
    default_take_profit_pct: Decimal = Decimal("0.04")
    daily_loss_limit_pct: Decimal = Decimal("0.03")
    emergency_stop_loss_pct: Decimal = Decimal("0.10")
    max_daily_trades: int = 20
    min_order_value: Decimal = Decimal(100)
    max_order_value: Decimal = Decimal(10000)
    allow_short: bool = False
    allow_symbols: frozenset[str] = frozenset()
    deny_symbols: frozenset[str] = frozenset()
    price_collar_pct: Decimal = Decimal("0.05")
    max_order_adv_pct: Decimal = Decimal("0.01")
    max_orders_per_minute: int = 60
    max_orders_per_session: int = 200
    repeat_order_limit: int = 8
    repeat_order_sessions: int = 10
    probation_sessions: int = 5
    probation_size_pct: Decimal = Decimal("0.50")
    daily_loss_action: LossAction = LossAction.STOP
    limit_breach_tolerance_pct: Decimal = Decimal("0.25")
    failed_runs_limit: int = 3
    break_halt_value: Decimal = Decimal(5000)


@dataclass(frozen=True, slots=True)
class Counters:
    """Today's use of the limits, read from the ledger and the broker, never kept in memory between runs.

    ``baseline_equity`` is the equity that the day's loss is measured against and ``peak_equity`` the highest close
    that the drawdown is measured against, both USD. ``cash_flow_today`` is deposits less withdrawals since baseline.
    ``orders_sent`` and ``orders_last_minute`` count every order that left, whatever for, and again when it left again.
    """

    session: date
    entries_sent: int
    baseline_equity: Decimal
    peak_equity: Decimal
    cash_flow_today: Decimal = Decimal(0)
    orders_sent: int = 0
    orders_last_minute: int = 0
