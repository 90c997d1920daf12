"""Limits that the account exceeds as it is, whoever brought that about: a double fill, a person, a limit made smaller.

A limit that merely drifted is none of these. What a long position gained since it was bought is left out: it counts at
its average price, or at its present price where that is lower. Fees, slippage and losses elsewhere, which make the
equity smaller that a share is measured against, have a tolerance. Only the bot's own positions are held against the
size of one position: what else a person holds in the account is not the bot's to judge, though it counts in the sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.model.account import Position, Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.model.values import ONE, dollars, percent
from tradebot.core.risk.exposure import Exposure, measure


@dataclass(frozen=True, slots=True)
class Standing:
    """The account as it is: equity in USD, and what the broker and the ledger show."""

    equity: Decimal
    positions: tuple[Position, ...]
    holdings: tuple[Holding, ...]
    open_orders: tuple[BrokerOrder, ...]
    unsettled: tuple[Intent, ...]
    quotes: Mapping[str, Quote]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit that is exceeded: ``value`` against ``limit``, both as fractions of equity or as counts."""

    value: Decimal
    limit: Decimal
    message: str


def breaches(standing: Standing) -> tuple[Breach, ...]:
    """Every limit that the account exceeds by more than the tolerance; the number of positions has none."""
    exposure = measure(_without_gains(standing))
    return (*_count(standing, exposure), *_shares_of_equity(standing, exposure))


def _count(standing: Standing, exposure: Exposure) -> Iterator[Breach]:
    count = len(exposure.stakes.keys() | exposure.unpriced)
    limit = standing.limits.max_positions
    if count > limit:
        message = f"{count} positions are open or under way, foreign ones included, and {limit} is the most"
        yield Breach(Decimal(count), Decimal(limit), message)


def _shares_of_equity(standing: Standing, exposure: Exposure) -> Iterator[Breach]:
    limits, total = standing.limits, exposure.total
    for symbol in sorted({holding.symbol for holding in standing.holdings} & exposure.stakes.keys()):
        yield from _share(standing, f"{symbol} is", exposure.stakes[symbol].value, limits.max_position_size_pct)
    yield from _share(standing, "all positions together are", total.value, limits.max_gross_exposure_pct)
    yield from _share(standing, "at the stops would be lost", total.risk, limits.max_portfolio_risk_pct)


def _share(standing: Standing, what: str, value: Decimal, limit: Decimal) -> Iterator[Breach]:
    equity, tolerance = standing.equity, standing.limits.limit_breach_tolerance_pct
    if value <= 0 or value <= equity * limit * (ONE + tolerance):
        return
    share = value / equity if equity > 0 else ONE
    message = (
        f"{what} {dollars(value)}, {percent(share)} of equity, and {percent(limit)} is the limit, with "
        f"{percent(tolerance)} of it for drift"
    )
    yield Breach(share, limit, message)


def _without_gains(standing: Standing) -> Standing:
    """The account as if no long position were worth more than it cost."""
    cost = {position.symbol: position.average_price for position in standing.positions if position.quantity > 0}

    def capped(symbol: str, price: Decimal) -> Decimal:
        return min(price, cost.get(symbol, price))

    return replace(
        standing,
        positions=tuple(replace(p, market_price=capped(p.symbol, p.market_price)) for p in standing.positions),
        quotes={symbol: replace(q, last=capped(symbol, q.last)) for symbol, q in standing.quotes.items()},
    )
