"""Exit rules: the prices of stop and target, the trailing stop, and the reasons to close a holding.

A last price at or beyond a holding's stop is no reason to close it here. If the stop rests at the broker, it is being
filled, and a second sale would sell the shares twice. If no stop rests, the holding has a gap, which the caller closes:
with a market order where ``stop_passed``, else with a new stop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.model.exits import Exit, ExitKind
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Limits
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.model.values import ONE, SUB_PENNY, canonical, tick_down, tick_up

#: The least gain of a raised stop, as a fraction of the old one, that is worth a moment without a stop.
LEAST_RAISE = Decimal("0.01")


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


def wanted_stop(holding: Holding, last: Decimal | None) -> Decimal | None:
    """The stop to raise a holding's to; None where it stays: its plan exits where ``last`` is beyond the raised one."""
    raised = raised_stop(holding)
    if raised is None or last is None:
        return raised
    if stop_passed(holding.with_stop(raised), last):
        return None
    taken = taken_stop(raised, last, holding.side)
    return taken if (taken - holding.stop_price) * holding.side.sign > 0 else None


def is_worth_a_gap(holding: Holding, raised: Decimal, sent: Iterable[Decimal | None]) -> bool:
    """Whether to raise the stop where the old one has to be cancelled first, so that no stop rests for a moment.

    It has to gain ``LEAST_RAISE``, and is tried once a session. ``sent``: the prices of the holding's stops that were
    sent in this session; one that is better than its stop was refused.
    """
    sign = holding.side.sign
    if (raised - holding.stop_price) * sign < holding.stop_price * LEAST_RAISE:
        return False
    tried = (price for price in sent if price is not None)
    return not any(
        (price - holding.stop_price) * sign > 0 or (price == holding.stop_price and holding.trailed_from is not None)
        for price in tried
    )


def taken_stop(stop: Decimal, last: Decimal, side: Side) -> Decimal:
    """The stop of a position entered on ``side``, moved away from ``last`` where the venue would refuse it as too near.

    Where no price is far enough, it stays.
    """
    if side is Side.BUY:
        return min(stop, US_STOCKS.leg_below(last) or stop)
    return max(stop, US_STOCKS.leg_above(last))


def due_exit(
    holding: Holding, signal: Signal | None, last: Decimal | None, *, target_rests: bool = True
) -> Exit | None:
    """Why to close the holding now, without its prices; None without a reason.

    Reasons are the strategy's exit signal, the age ``max_sessions``, a last price at or beyond the target where no
    order rests at it (``target_rests``), and a last price at or beyond a trailing stop that
    was not raised in time, because the broker was unreachable for instance. In the last case the resting stop is
    farther away than the strategy asked for, and a stop at the right price would be refused.
    """
    if signal is not None and _is_exit(signal, holding):
        return Exit(f"exit signal: {signal.reason}" if signal.reason else "exit signal", ExitKind.SIGNAL)
    limit = holding.policy.max_sessions
    if limit is not None and holding.sessions_held >= limit:
        return Exit(f"time exit: held for {holding.sessions_held} of at most {limit} sessions", ExitKind.TIME)
    target = None if target_rests or last is None else holding.target_price
    if target is not None and last is not None and (last - target) * holding.side.sign >= 0:
        return Exit(f"target: {canonical(last)} has reached {canonical(target)}", ExitKind.TARGET)
    trailing = raised_stop(holding)
    if trailing is not None and last is not None and _reached(trailing, last, holding.side):
        reason = f"trailing stop: {canonical(last)} is through {canonical(trailing)} before the stop was raised"
        return Exit(reason, ExitKind.TRAILING_STOP)
    return None


def stop_kind(holding: Holding) -> ExitKind:
    """Whether the holding's stop is that of its entry or a trailing one."""
    return ExitKind.STOP if _trailed_from(holding) is None else ExitKind.TRAILING_STOP


def exit_at_stop_or_target(holding: Holding, price: Decimal) -> Exit:
    """The exit of shares that the resting stop or target sold at ``price``, with the prices of the holding."""
    target = holding.target_price
    if target is not None and (price - target) * holding.side.sign >= 0:
        return Exit("target", ExitKind.TARGET, holding.stop_price, target)
    return Exit("stop", stop_kind(holding), holding.stop_price, target, _trailed_from(holding))


def with_exit_prices(due: Exit, holding: Holding) -> Exit:
    """A planned exit with stop and target of its holding; one ahead of a trailing stop has the price of that stop."""
    stop, trailed_from = holding.stop_price, None
    if due.kind is ExitKind.TRAILING_STOP:
        not_raised = raised_stop(holding)
        trailed_from = _trailed_from(holding) if not_raised is None else holding.high_water
        stop = stop if not_raised is None else not_raised
    return Exit(due.reason, due.kind, stop, holding.target_price, trailed_from)


def _trailed_from(holding: Holding) -> Decimal | None:
    """The best price that the stop was raised from; None for the stop of the entry.

    A holding that an earlier version raised the stop of does not have it: there the stop tells, where it trails
    the best price still.
    """
    policy = holding.policy
    if holding.trailed_from is not None or policy.trail_trigger is None or policy.trail_offset is None:
        return holding.trailed_from
    gained = (holding.high_water - holding.entry_price) * holding.side.sign
    at_best = _stop_beyond(holding.high_water, policy.trail_offset, holding.side)
    is_raised = gained >= holding.entry_price * policy.trail_trigger and holding.stop_price == at_best
    return holding.high_water if is_raised else None


def stop_passed(holding: Holding, last: Decimal) -> bool:
    """Whether the last price has reached the holding's stop, so that a stop order sent now would be too late."""
    return _reached(holding.stop_price, last, holding.side)


def _is_exit(signal: Signal, holding: Holding) -> bool:
    return signal.action is Action.EXIT and (signal.strategy, signal.symbol) == (holding.strategy, holding.symbol)


def _reached(stop: Decimal, last: Decimal, side: Side) -> bool:
    return (last - stop) * side.sign <= 0
