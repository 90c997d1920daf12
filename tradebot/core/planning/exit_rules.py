"""Exit rules: the prices of stop and target, the trailing stop, and the reasons to close a holding.

A last price at or beyond a holding's stop is no reason to close it here. If the stop rests at the broker, it is being
filled, and a second sale would sell the shares twice. If no stop rests, the holding has a gap, which the caller closes:
with a market order where ``stop_passed``, else with a new stop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Limits
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.model.values import ONE, SUB_PENNY, canonical, tick_down, tick_up


@dataclass(frozen=True, slots=True)
class ExitPrices:
    """The prices of a bracket's legs, USD a share, on ticks."""

    stop: Decimal
    target: Decimal | None


def entry_prices(price: Decimal, policy: ExitPolicy, limits: Limits, side: Side) -> ExitPrices:
    """Stop and target of a position entered on ``side`` at ``price``, which is above $0.0001.

    Both are rounded to a tick in the position's favour: the stop towards the price, the target away from it. One that
    the venue would refuse as too near is moved away from the price, to the nearest that it takes. Where it takes none
    below the price, the leg is at the lowest tick.
    """
    stop_fraction = limits.default_stop_loss_pct if policy.stop is None else policy.stop
    target_fraction = policy.target
    if target_fraction is None and policy.use_default_target:
        target_fraction = limits.default_take_profit_pct
    return ExitPrices(
        _stop_beyond(price, stop_fraction, side),
        None if target_fraction is None else _target_beyond(price, target_fraction, side),
    )


def _stop_beyond(price: Decimal, fraction: Decimal, side: Side) -> Decimal:
    if side is Side.BUY:
        return max(SUB_PENNY, min(tick_up(price * (ONE - fraction)), US_STOCKS.leg_below(price) or SUB_PENNY))
    return max(tick_down(price * (ONE + fraction)), US_STOCKS.leg_above(price))


def _target_beyond(price: Decimal, fraction: Decimal, side: Side) -> Decimal:
    if side is Side.BUY:
        return max(tick_up(price * (ONE + fraction)), US_STOCKS.leg_above(price))
    return max(SUB_PENNY, min(tick_down(price * (ONE - fraction)), US_STOCKS.leg_below(price) or SUB_PENNY))


def with_mark(holding: Holding, last: Decimal) -> Holding:
    """The holding with its best price since the entry updated by ``last``."""
    best = max if holding.side is Side.BUY else min
    return replace(holding, high_water=best(holding.high_water, last))


def raised_stop(holding: Holding) -> Decimal | None:
    """The trailing stop, ``trail_offset`` from the best price seen; None while it is no better than the present stop.

    Trailing begins once the best price has gained ``trail_trigger`` over the entry price. Call ``due_exit`` first: it
    closes a holding whose last price has passed this stop already.
    """
    policy = holding.policy
    if policy.trail_trigger is None or policy.trail_offset is None:
        return None
    gained = (holding.high_water - holding.entry_price) * holding.side.sign
    if gained < holding.entry_price * policy.trail_trigger:
        return None
    level = _stop_beyond(holding.high_water, policy.trail_offset, holding.side)
    return level if (level - holding.stop_price) * holding.side.sign > 0 else None


def taken_stop(stop: Decimal, last: Decimal, side: Side) -> Decimal:
    """The stop of a position entered on ``side``, moved away from ``last`` where the venue would refuse it as too near.

    Where no price is far enough, it stays.
    """
    if side is Side.BUY:
        return min(stop, US_STOCKS.leg_below(last) or stop)
    return max(stop, US_STOCKS.leg_above(last))


def due_exit(holding: Holding, signal: Signal | None, last: Decimal | None) -> str | None:
    """The reason to close the holding now, for people; None without one.

    Reasons are the strategy's exit signal, the age ``max_sessions``, and a last price at or beyond a trailing stop that
    was not raised in time, because the broker was unreachable for instance. In the last case the resting stop is
    farther away than the strategy asked for, and a stop at the right price would be refused.
    """
    if signal is not None and _is_exit(signal, holding):
        return f"exit signal: {signal.reason}" if signal.reason else "exit signal"
    limit = holding.policy.max_sessions
    if limit is not None and holding.sessions_held >= limit:
        return f"time exit: held for {holding.sessions_held} of at most {limit} sessions"
    trailing = raised_stop(holding)
    if trailing is not None and last is not None and _reached(trailing, last, holding.side):
        return f"trailing stop: {canonical(last)} is through {canonical(trailing)} before the stop was raised"
    return None


def stop_passed(holding: Holding, last: Decimal) -> bool:
    """Whether the last price has reached the holding's stop, so that a stop order sent now would be too late."""
    return _reached(holding.stop_price, last, holding.side)


def _is_exit(signal: Signal, holding: Holding) -> bool:
    return signal.action is Action.EXIT and (signal.strategy, signal.symbol) == (holding.strategy, holding.symbol)


def _reached(stop: Decimal, last: Decimal, side: Side) -> bool:
    return (last - stop) * side.sign <= 0
