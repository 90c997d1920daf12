"""Bare time: for how long shares of ours had no live stop at the broker.

A look shows only what is so at its moment, so the beginning of a period is the latest instant at which the shares can
have been covered, and its end the earliest at which the broker's own times show them covered or gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.orders import BrokerOrder, OrderState
from tradebot.core.safety.stop_coverage import Gap

#: The owner of a period: strategy and symbol.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class BarePeriod:
    """A time in which shares of a holding had no live stop. ``shares`` and ``dollars`` (USD) are never negative."""

    session: date  # in which it began
    strategy: str
    symbol: str
    shares: Decimal
    dollars: Decimal  # market value of the shares when it began
    began_at: datetime  # aware UTC
    ended_at: datetime | None = None  # None: they are bare

    @property
    def key(self) -> Key:
        """Strategy and symbol."""
        return self.strategy, self.symbol

    def seconds(self, now: datetime) -> Decimal:
        """Its length, until ``now`` where it has not ended, in seconds to the tenth."""
        length = (self.ended_at or max(now, self.began_at)) - self.began_at
        return round(Decimal(str(length.total_seconds())), 1)


@dataclass(frozen=True, slots=True)
class LookTimes:
    """What a look knows about the times before it. Instants are aware UTC.

    session: the session of the look
    at: when it was taken
    before: when the look before it was taken; None for the first
    opened: when the newest open lot of a symbol was bought
    traded: when a symbol of ours was traded last
    """

    session: date
    at: datetime
    before: datetime | None
    opened: Mapping[str, datetime]
    traded: Mapping[str, datetime]


def changes(
    standing: Iterable[BarePeriod], gaps: Iterable[Gap], open_orders: Iterable[BrokerOrder], look: LookTimes
) -> tuple[tuple[BarePeriod, ...], tuple[BarePeriod, ...]]:
    """The periods among ``standing`` that have ended, with their ends, and those that have begun, by a look.

    Shares that became more or fewer end a period and begin another one at the look.
    """
    orders = tuple(open_orders)
    bare = {(gap.strategy, gap.symbol): gap for gap in gaps if abs(gap.held) > abs(gap.protected)}
    known = {period.key: period for period in standing}
    ended, begun = [], []
    for key, period in known.items():
        gap = bare.get(key)
        if gap is None:
            ended.append(replace(period, ended_at=_end(period, orders, look)))
        elif _shares(gap) != period.shares:
            ended.append(replace(period, ended_at=max(look.at, period.began_at)))
            begun.append(_period(gap, look, look.at))
    begun += [_period(gap, look, _beginning(gap, look)) for key, gap in bare.items() if key not in known]
    return tuple(ended), tuple(begun)


def _shares(gap: Gap) -> Decimal:
    return abs(gap.held) - abs(gap.protected)


def _period(gap: Gap, look: LookTimes, began_at: datetime) -> BarePeriod:
    return BarePeriod(look.session, gap.strategy, gap.symbol, _shares(gap), gap.dollars, began_at)


def _beginning(gap: Gap, look: LookTimes) -> datetime:
    """The later one of the look before and of the purchase of the newest shares; never after the look."""
    times = [at for at in (look.before, look.opened.get(gap.symbol)) if at is not None]
    return min(max(times, default=look.at), look.at)


def _end(period: BarePeriod, orders: Iterable[BrokerOrder], look: LookTimes) -> datetime:
    """When the stop that covers the shares was placed or they were traded last; the look where neither is known.

    A stop that rested before the period began, as a stale answer or a cancel without effect leaves it, makes the period
    empty. A leg's own time says nothing of that: it rests since its entry has filled.
    """
    stops = [
        order
        for order in orders
        if order.symbol == period.symbol
        and order.stop_price is not None
        and not order.held
        and order.rests
        and order.parent_id is None
        and order.state in (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED)
    ]
    if stops and all(stop.submitted_at < period.began_at for stop in stops):
        return period.began_at
    times = [stop.submitted_at for stop in stops]
    if period.symbol in look.traded:
        times.append(look.traded[period.symbol])
    within = [at for at in times if period.began_at <= at <= look.at]
    return max(within, default=max(look.at, period.began_at))
