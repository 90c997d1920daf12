"""How positions are left: where stop and target rest, when the stop follows the price, when it is time to go.

A last price at or beyond a holding's own stop is no exit decided here. Either the stop rests at the broker and is being
filled, and a second sale would sell the shares twice; or no stop rests, and that is a gap in the protection, which the
caller closes, with a market order where ``stop_passed`` says that it is too late for a stop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.model.values import ONE, SUB_PENNY, canonical, tick_down, tick_size, tick_up


@dataclass(frozen=True, slots=True)
class ExitPrices:
    """Where the legs of a bracket rest, USD a share, on ticks; ``target`` is None when there is none."""

    stop: Decimal
    target: Decimal | None


def entry_prices(price: Decimal, policy: ExitPolicy, limits: Limits, side: Side) -> ExitPrices:
    """Stop and target of a position entered at ``price`` (above one ten-thousandth of a dollar) with ``side``.

    Both are rounded to a tick in the position's favour: the stop towards the price, so that the loss is not larger
    than asked, and the target away from it. Each keeps at least a tick's distance from the price.
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
        return max(SUB_PENNY, min(tick_up(price * (ONE - fraction)), _tick_below(price)))
    return max(tick_down(price * (ONE + fraction)), _tick_above(price))


def _target_beyond(price: Decimal, fraction: Decimal, side: Side) -> Decimal:
    if side is Side.BUY:
        return max(tick_up(price * (ONE + fraction)), _tick_above(price))
    return max(SUB_PENNY, min(tick_down(price * (ONE - fraction)), _tick_below(price)))


def _tick_below(price: Decimal) -> Decimal:
    nearest = tick_down(price)
    return nearest if nearest < price else tick_down(price - tick_size(price))


def _tick_above(price: Decimal) -> Decimal:
    nearest = tick_up(price)
    return nearest if nearest > price else tick_up(price + tick_size(price))


def with_mark(holding: Holding, last: Decimal) -> Holding:
    """The holding after it has seen the price ``last``: the best price since the entry is kept."""
    best = max if holding.side is Side.BUY else min
    return replace(holding, high_water=best(holding.high_water, last))


def raised_stop(holding: Holding) -> Decimal | None:
    """The trailing stop that the best price seen asks for, or None while it asks for nothing better than the present.

    Trailing begins once the best price has gained ``trail_trigger`` over the entry price. The stop is only ever moved
    in the position's favour. Ask ``due_exit`` first: it sells where the last price has passed this stop already.
    """
    policy = holding.policy
    if policy.trail_trigger is None or policy.trail_offset is None:
        return None
    gained = (holding.high_water - holding.entry_price) * holding.side.sign
    if gained < holding.entry_price * policy.trail_trigger:
        return None
    level = _stop_beyond(holding.high_water, policy.trail_offset, holding.side)
    return level if (level - holding.stop_price) * holding.side.sign > 0 else None


def due_exit(holding: Holding, signal: Signal | None, last: Decimal | None) -> str | None:
    """Why the holding is to be closed now, in words, or None.

    Reasons are the strategy's own exit signal, the age ``max_sessions``, and a last price at or beyond a trailing stop
    that could not be raised in time (the broker was away, say): the stop still resting is further off than the
    strategy asked for, and one at the proper price could no longer be placed.
    """
    if signal is not None and _says_leave(signal, holding):
        return f"exit signal: {signal.reason}" if signal.reason else "exit signal"
    limit = holding.policy.max_sessions
    if limit is not None and holding.sessions_held >= limit:
        return f"time exit: held for {holding.sessions_held} of at most {limit} sessions"
    trailing = raised_stop(holding)
    if trailing is not None and last is not None and _reached(trailing, last, holding.side):
        return f"trailing stop: {canonical(last)} is through {canonical(trailing)} before the stop was raised"
    return None


def stop_passed(holding: Holding, last: Decimal) -> bool:
    """Whether the price has reached the holding's stop, so that a stop order sent now would come too late."""
    return _reached(holding.stop_price, last, holding.side)


def _says_leave(signal: Signal, holding: Holding) -> bool:
    return signal.action is Action.EXIT and (signal.strategy, signal.symbol) == (holding.strategy, holding.symbol)


def _reached(stop: Decimal, last: Decimal, side: Side) -> bool:
    return (last - stop) * side.sign <= 0
