"""The loss if every stop fills at its price, from the present prices. A gap through a stop loses more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from tradebot.core.model.account import Position, Quote
from tradebot.core.model.holdings import FOREIGN, Holding
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.values import CENT, ZERO
from tradebot.core.safety.stop_coverage import resting_stops


@dataclass(frozen=True, slots=True)
class StopLoss:
    """What shares of a position would lose, USD to the cent, never negative: a total is the sum of what is shown."""

    symbol: str
    strategy: str  # FOREIGN for shares that no strategy bought
    to_stops: Decimal  # of the shares that a stop covers, from the present price to its price
    bare: Decimal  # market value of the shares without a stop, which count in full


@dataclass(frozen=True, slots=True)
class StopLossTotal:
    """What an account would lose, USD, never negative."""

    to_stops: Decimal
    bare: Decimal
    total: Decimal


def stop_losses(
    holdings: Iterable[Holding],
    positions: Iterable[Position],
    own: Collection[Position],
    open_orders: Collection[BrokerOrder],
    quotes: Mapping[str, Quote],
    *,
    filled_entries: Collection[str] = (),
) -> tuple[StopLoss, ...]:
    """The losses by position, ours and foreign. Foreign shares count as bare, for no stop of theirs is known as one.

    own: the positions that are not those of another company under a held symbol.
    filled_entries: the broker ids of the entries that have filled whole.
    """
    by_symbol = {holding.symbol: holding for holding in holdings}
    stops = resting_stops(by_symbol.values(), open_orders, filled_entries=filled_entries)
    found: list[StopLoss] = []
    for position in positions:
        quote = quotes.get(position.symbol)
        last = quote.last if quote else position.market_price
        holding = by_symbol.get(position.symbol) if position in own else None
        found += _of_position(position, holding, last, stops.get(position.symbol, ()))
    return tuple(found)


def known_loss(shares: Decimal, last: Decimal, stop_price: Decimal) -> Decimal:
    """What shares (negative for a short) lose from the last price to a stop that covers all of them, USD."""
    return _cents(max(ZERO, (last - stop_price) * shares))


def total_of(losses: Iterable[StopLoss]) -> StopLossTotal:
    """The sums over positions."""
    losses = tuple(losses)
    to_stops = sum((each.to_stops for each in losses), ZERO)
    bare = sum((each.bare for each in losses), ZERO)
    return StopLossTotal(to_stops, bare, to_stops + bare)


def _of_position(
    position: Position, holding: Holding | None, last: Decimal, stops: Sequence[BrokerOrder]
) -> Iterator[StopLoss]:
    ours = holding.shares_in(position) if holding else ZERO
    if holding and ours:
        lost, uncovered = _to_stops(holding, ours, last, stops)
        yield StopLoss(position.symbol, holding.strategy, _cents(lost), _cents(uncovered * last))
    if foreign := abs(position.quantity) - ours:
        yield StopLoss(position.symbol, FOREIGN, ZERO, _cents(foreign * last))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def _to_stops(
    holding: Holding, shares: Decimal, last: Decimal, stops: Sequence[BrokerOrder]
) -> tuple[Decimal, Decimal]:
    """The loss to the stops, those nearest to the price first, and the shares that none covers.

    A price that is beyond a stop already loses nothing more: the stop fills at about that price.
    """
    sign = holding.side.sign
    lost = ZERO
    for stop in sorted(stops, key=lambda each: (each.stop_price or ZERO) * sign, reverse=True):
        covered = min(stop.remaining, shares)
        lost += covered * max(ZERO, (last - (stop.stop_price or ZERO)) * sign)
        shares -= covered
    return lost, shares
