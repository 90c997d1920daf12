"""The settings of the limits, the circuit breakers and the emergency stop."""

# ruff: noqa: RUF009 - `setting` makes the dataclass's fields, as `field` does

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model import order_ids
from tradebot.core.model.limits import BreaksHaltEnds, LossAction
from tradebot.settings.field_types import Choice, Names, Switch, setting
from tradebot.settings.number_fields import Count, Money, Percent

SYMBOLS = Names(order_ids.SYMBOL, "symbol", "symbols", "AAPL,BRK.B", upper=True)


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """Limits; percentages are of equity unless said otherwise"""

    max_positions: int = setting(10, Count(1, 1000), "Positions held at once.")
    max_position_size_pct: Decimal = setting(Decimal("0.10"), Percent("0.1%", "100%"), "Value of one position.")
    max_portfolio_risk_pct: Decimal = setting(
        Decimal("0.05"), Percent("0.05%", "50%"), "What all positions would lose together if every stop were hit."
    )
    max_gross_exposure_pct: Decimal = setting(
        Decimal("1.00"), Percent("1%", "400%"), "Value of all positions, longs and shorts added."
    )
    risk_per_trade_pct: Decimal = setting(
        Decimal("0.005"), Percent("0.01%", "5%"), "What one trade loses when its stop is hit; it sizes the order."
    )
    default_stop_loss_pct: Decimal = setting(
        Decimal("0.02"),
        Percent("0.1%", "50%"),
        "Distance of the stop from the entry price, for strategies that name none.",
    )
    default_take_profit_pct: Decimal = setting(
        Decimal("0.04"),
        Percent("0.1%", "500%"),
        "Distance of the target from the entry price, for strategies that leave it open.",
    )
    daily_loss_limit_pct: Decimal = setting(
        Decimal("0.03"),
        Percent("0.1%", "50%"),
        "Loss since the previous close on which DAILY_LOSS_ACTION is taken; it halts until the next session.",
    )
    emergency_stop_loss_pct: Decimal = setting(
        Decimal("0.10"),
        Percent("0.5%", "75%"),
        "Fall from the equity's peak on which the account makes an emergency stop; it halts until `tradebot resume`.",
    )
    max_daily_trades: int = setting(20, Count(1, 1000), "Entries sent in one session.")
    min_order_value: Decimal = setting(
        Decimal(100), Money("1", "1000000"), "Entries of a smaller value are not worth their cost."
    )
    max_order_value: Decimal = setting(Decimal(10000), Money("1", "10000000"), "Value of one entry.")
    allow_symbols: tuple[str, ...] | None = setting(
        None, SYMBOLS, "The only symbols that may be entered; blank allows all. What is held is left all the same."
    )
    deny_symbols: tuple[str, ...] | None = setting(
        None, SYMBOLS, "Symbols that are never entered, even if ALLOW_SYMBOLS names them."
    )
    price_collar_pct: Decimal = setting(
        Decimal("0.05"),
        Percent("0.1%", "100%"),
        "How far the price of an entry may be from the last price, and from the previous close.",
    )
    max_order_adv_pct: Decimal = setting(
        Decimal("0.01"), Percent("0.001%", "100%"), "Shares of one entry, of the average volume of 20 sessions."
    )
    max_orders_per_minute: int = setting(
        60, Count(1, 10000), "Orders sent within a minute, whatever for, beyond which no entry is sent."
    )
    max_orders_per_session: int = setting(
        200, Count(1, 100000), "Orders sent in one session, whatever for, beyond which no entry is sent."
    )
    repeat_order_limit: int = setting(
        8,
        Count(1, 1000),
        "Filled entries of one strategy into one symbol, within REPEAT_ORDER_SESSIONS, that halt the strategy until "
        "`tradebot resume`.",
    )
    repeat_order_sessions: int = setting(10, Count(1, 250), "The sessions within which REPEAT_ORDER_LIMIT counts.")
    probation_sessions: int = setting(
        5, Count(0, 250), "Sessions in which a new or changed strategy trades with less; 0 for none."
    )
    probation_size_pct: Decimal = setting(
        Decimal("0.50"), Percent("1%", "100%"), "Part of its usual size that a strategy trades with on probation."
    )


@dataclass(frozen=True, kw_only=True)
class EmergencySettings:
    """Emergency"""

    emergency_stop_enabled: bool = setting(
        False, Switch(), "true halts every command; only you can take it back, `tradebot resume` does not."
    )
    emergency_close_positions: bool = setting(
        False, Switch(), "Let every emergency stop without --keep-positions close all positions."
    )
    emergency_shutdown_timeout: int = setting(
        300, Count(1, 3600), "Seconds that an emergency stop goes on until the broker shows what was wanted."
    )
    daily_loss_action: LossAction = setting(
        LossAction.STOP,
        Choice(LossAction),
        "What DAILY_LOSS_LIMIT_PCT brings about: an emergency stop, or only that nothing more is entered.",
    )
    limit_breach_tolerance_pct: Decimal = setting(
        Decimal("0.25"),
        Percent("0%", "100%"),
        "How far, in parts of a limit, what is held may be beyond it before entries stop until it no longer is.",
    )
    failed_runs_limit: int = setting(
        3, Count(1, 1000), "Failed runs of a job in a row that halt the account until `tradebot resume`."
    )
    break_halt_value: Decimal = setting(
        Decimal(5000),
        Money("1", "1000000000"),
        "Dollars by which ledger and broker may differ before the account halts.",
    )
    breaks_halt_ends: BreaksHaltEnds = setting(
        BreaksHaltEnds.EXPLAINED,
        Choice(BreaksHaltEnds),
        "What ends the halt of BREAK_HALT_VALUE: two jobs in a row that explain everything, or only `tradebot resume`.",
    )
