"""Checks of the exit policy and the risk that a strategy asks for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tradebot.core.model.signals import MAX_TARGET, is_stop, is_target
from tradebot.plugins.errors import PluginError
from tradebot.strategy_api import ExitPolicy


def check_policy(policy: object) -> None:
    """Raise PluginError with the first field that breaks a rule."""
    if not isinstance(policy, ExitPolicy):
        raise PluginError(f"exits is a {type(policy).__name__}, not tradebot.strategy_api.ExitPolicy")
    _check_fraction("exits.stop", policy.stop, is_stop, "between 0 and 1")
    _check_fraction("exits.target", policy.target, is_target, f"above 0 and at most {MAX_TARGET}")
    _check_fraction("exits.trail_trigger", policy.trail_trigger, is_target, f"above 0 and at most {MAX_TARGET}")
    _check_fraction("exits.trail_offset", policy.trail_offset, is_stop, "between 0 and 1")
    if (policy.trail_trigger is None) != (policy.trail_offset is None):
        raise PluginError("exits has one of trail_trigger and trail_offset; a trailing stop needs both")
    sessions = policy.max_sessions
    if sessions is not None and (not isinstance(sessions, int) or isinstance(sessions, bool) or sessions < 1):
        raise PluginError(f"exits.max_sessions is {sessions!r}; it must be a whole number from 1 up, or None")


def _check_fraction(field: str, value: object, is_allowed: Callable[[Decimal], bool], allowed: str) -> None:
    if value is None:
        return
    if not isinstance(value, Decimal):
        raise PluginError(f'{field} is {value!r}; write it as a Decimal, such as Decimal("0.02") for 2%')
    if not is_allowed(value):
        raise PluginError(f"{field} is {value}; it is a fraction of a price and must be {allowed}")


def check_risk(risk: object) -> None:
    """Raise PluginError unless ``risk`` is a fraction of equity or None."""
    if risk is None:
        return
    if isinstance(risk, bool) or not isinstance(risk, int | float) or not 0 < risk < 1:
        raise PluginError(f"risk_pct is {risk!r}; it is a fraction of equity (0.005 is 0.5%), or None")
