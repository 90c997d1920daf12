"""How many shares to buy: what the risk allows, capped by every limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.limits import Limits
from tradebot.core.model.values import ONE, ZERO, percent

#: Part of an order's value kept back for slippage and fees when it is measured against the buying power.
BUYING_POWER_MARGIN = Decimal("0.02")


class Cap(StrEnum):
    """What bound a size; the text is for people. Where several bind alike, the first named here is given."""

    RISK_PER_TRADE = "risk per trade"
    POSITION_SIZE = "position size"
    ORDER_VALUE = "order value"
    ORDER_VOLUME = "average volume"
    GROSS_EXPOSURE = "gross exposure"
    PORTFOLIO_RISK = "portfolio risk"
    BUYING_POWER = "buying power"


@dataclass(frozen=True, slots=True)
class Room:
    """What each limit leaves for one more order in a symbol, USD; below zero where it is broken already.

    ``order_shares`` is in shares.
    """

    equity: Decimal
    position_value: Decimal
    gross_exposure: Decimal
    portfolio_risk: Decimal
    buying_power: Decimal
    order_shares: Decimal


@dataclass(frozen=True, slots=True)
class Size:
    """Whole shares, zero or more, and the cap that allowed no more of them.

    ``part`` is the fraction of what the cap allowed that was taken: less than all of it on probation.
    """

    quantity: Decimal
    cap: Cap
    part: Decimal = ONE

    def __str__(self) -> str:
        return str(self.cap) if self.part == ONE else f"{self.cap}, and {percent(self.part)} of that on probation"


def risk_per_trade(limits: Limits, asked: Decimal | None) -> Decimal:
    """The fraction of equity that one trade may lose: the account's, or what the signal asked for if that is less."""
    return limits.risk_per_trade_pct if asked is None else max(ZERO, min(limits.risk_per_trade_pct, asked))


def cost(quantity: Decimal, price: Decimal) -> Decimal:
    """What an order may take out of the buying power, USD."""
    return quantity * price * (ONE + BUYING_POWER_MARGIN)


def on_probation(sessions_run: int, limits: Limits) -> bool:
    """Whether a strategy that ran in so many sessions, as it is now, is still to be traded with less."""
    return sessions_run < limits.probation_sessions


def size(price: Decimal, stop: Decimal, risk_pct: Decimal, room: Room, limits: Limits, part: Decimal = ONE) -> Size:
    """Equity x risk / distance to the stop, capped by every limit, and ``part`` of that, rounded down to whole shares.

    The formula is the percent-risk model (V. K. Tharp, *Trade Your Way to Financial Freedom*, 1998). Prices are USD a
    share. Shares stay whole even where fractions trade, because a bracket cannot protect a fraction.
    """
    distance = abs(price - stop)
    allowed = {
        Cap.RISK_PER_TRADE: _whole_shares(room.equity * risk_pct, distance),
        Cap.POSITION_SIZE: _whole_shares(room.position_value, price),
        Cap.ORDER_VALUE: _whole_shares(limits.max_order_value, price),
        Cap.ORDER_VOLUME: _whole_shares(room.order_shares, ONE),
        Cap.GROSS_EXPOSURE: _whole_shares(room.gross_exposure, price),
        Cap.PORTFOLIO_RISK: _whole_shares(room.portfolio_risk, distance),
        Cap.BUYING_POWER: _whole_shares(room.buying_power, cost(ONE, price)),
    }
    cap = min(allowed, key=allowed.__getitem__)
    return Size(allowed[cap] * part // ONE, cap, part)


def _whole_shares(budget: Decimal, per_share: Decimal) -> Decimal:
    """How many whole shares a budget pays for. Integer division: a rounded quotient could spend a cent too much."""
    return max(ZERO, budget) // per_share
