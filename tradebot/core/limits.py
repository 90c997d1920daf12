"""The limits an account trades under, and today's counters against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """Fractions (0.10 is 10 %) of equity unless said otherwise; values in USD; counts per session."""

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


@dataclass(frozen=True, slots=True)
class Counters:
    """Today's use of the limits, read from the ledger and the broker, never kept in memory between runs.

    ``baseline_equity`` is the equity that the day's loss is measured against and ``peak_equity`` the highest close
    that the drawdown is measured against, both USD. ``cash_flow_today`` is deposits less withdrawals since baseline.
    """

    session: date
    entries_sent: int
    baseline_equity: Decimal
    peak_equity: Decimal
    cash_flow_today: Decimal = Decimal(0)
