"""Position sizing: the shares of an entry by the risk per trade, capped by every limit."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tradebot.core.model.limits import Limits
from tradebot.core.model.values import ONE, ZERO, percent

#: Fraction of an order's value that is reserved for slippage and fees in the buying power.
BUYING_POWER_MARGIN = Decimal("0.02")
_RESERVED = ONE + BUYING_POWER_MARGIN


class Cap(StrEnum):
    """The limit that bound a size; the value is for people. Of several that bind alike, the first here is given."""

    RISK_PER_TRADE = "risk per trade"
    POSITION_SIZE = "position size"
    ORDER_VALUE = "order value"
    ORDER_VOLUME = "average volume"
    GROSS_EXPOSURE = "gross exposure"
    PORTFOLIO_RISK = "portfolio risk"
    BUYING_POWER = "buying power"


_CAPS = tuple(Cap)


class Headroom(NamedTuple):
    """What each limit leaves for one more order in a symbol, USD. Negative where the limit is exceeded."""

    equity: Decimal
    position_value: Decimal
    gross_exposure: Decimal
    portfolio_risk: Decimal
    buying_power: Decimal
    order_shares: Decimal  # shares


class Size(NamedTuple):
    """The size of an entry and the cap that bound it."""

    quantity: Decimal  # whole shares, 0 or more
    cap: Cap
    part: Decimal = ONE  # fraction taken of what the cap allowed; below 1 on probation

    def __str__(self) -> str:
        return str(self.cap) if self.part == ONE else f"{self.cap}, and {percent(self.part)} of that on probation"


def risk_per_trade(limits: Limits, asked: Decimal | None) -> Decimal:
    """The fraction of equity that one trade may lose: the account's, or the signal's if that is smaller."""
    return limits.risk_per_trade_pct if asked is None else max(ZERO, min(limits.risk_per_trade_pct, asked))


def reserved_cost(quantity: Decimal, price: Decimal) -> Decimal:
    """USD of buying power that an order is counted with: its value and a margin for slippage and fees."""
    return quantity * price * _RESERVED


def on_probation(sessions_run: int, limits: Limits) -> bool:
    """Whether a strategy that has run unchanged in ``sessions_run`` sessions is still sized down."""
    return sessions_run < limits.probation_sessions


def size_entry(
    price: Decimal, stop: Decimal, risk_pct: Decimal, headroom: Headroom, limits: Limits, part: Decimal = ONE
) -> Size:
    """Equity x risk / distance to the stop, capped by every limit; ``part`` of that, rounded down to whole shares.

    The formula is the percent-risk model (V. K. Tharp, *Trade Your Way to Financial Freedom*, 1998). Prices are USD a
    share. Shares are whole even where fractions trade, because a bracket cannot protect a fraction.
    """
    distance = abs(price - stop)
    allowed = (  # in the order of Cap
        _whole_shares(headroom.equity * risk_pct, distance),
        _whole_shares(headroom.position_value, price),
        _whole_shares(limits.max_order_value, price),
        _whole_shares(headroom.order_shares, ONE),
        _whole_shares(headroom.gross_exposure, price),
        _whole_shares(headroom.portfolio_risk, distance),
        _whole_shares(headroom.buying_power, price * _RESERVED),
    )
    quantity = min(allowed)
    cap = _CAPS[allowed.index(quantity)]
    return Size(quantity if part == ONE else quantity * part // ONE, cap, part)


def _whole_shares(budget: Decimal, per_share: Decimal) -> Decimal:
    """The whole shares that a budget pays for. Integer division: a rounded quotient could spend a cent too much."""
    return budget // per_share if budget > 0 else ZERO
