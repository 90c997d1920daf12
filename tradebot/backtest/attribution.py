"""What each limit costs: the same walk with that limit out of the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.limits import Limits

_HUGE, _MANY = Decimal(10**9), 10**9
#: By field of Limits, a value that limits nothing.
_OPEN: dict[str, object] = {
    "max_positions": _MANY,
    "max_position_size_pct": _HUGE,
    "max_portfolio_risk_pct": _HUGE,
    "max_gross_exposure_pct": _HUGE,
    "max_daily_trades": _MANY,
    "min_order_value": Decimal("0.01"),
    "max_order_value": _HUGE,
    "allow_symbols": frozenset[str](),
    "deny_symbols": frozenset[str](),
    "price_collar_pct": _HUGE,
    "max_order_adv_pct": _HUGE,
    "max_orders_per_minute": _MANY,
    "max_orders_per_session": _MANY,
    "repeat_order_limit": 10_000,
    "probation_sessions": 0,
    "daily_loss_limit_pct": _HUGE,
    "emergency_stop_loss_pct": _HUGE,
    "limit_breach_tolerance_pct": _HUGE,
}


def without_each(limits: Limits) -> Iterator[tuple[str, Limits]]:
    """The limits with one of them open, by the name of its setting; those that are open already are left out."""
    for name, value in _OPEN.items():
        if getattr(limits, name) != value:
            yield name.upper(), replace(limits, **{name: value})  # type: ignore[arg-type]
