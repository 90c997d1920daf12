"""Open positions for people: ours with stop and target, and foreign ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tradebot.core.model.account import Position
from tradebot.core.model.holdings import FOREIGN, Holding
from tradebot.core.model.values import SUB_PENNY, ZERO
from tradebot.core.safety.stop_coverage import Gap
from tradebot.core.safety.stop_losses import StopLoss, StopLossTotal


@dataclass(frozen=True, slots=True)
class PositionLine:
    """An open position for people, ours or foreign. Prices are USD per share; amounts are USD."""

    strategy: str  # FOREIGN for shares that no strategy bought
    symbol: str
    quantity: Decimal  # shares, negative for a short
    entry_price: Decimal
    last: Decimal
    market_value: Decimal  # negative for a short
    pnl: Decimal  # unrealised, before fees
    stop: Decimal | None
    target: Decimal | None
    opened: date | None  # session of the entry; None: foreign, or not recorded
    protected: bool | None  # whether a stop covers it as it should; None: foreign, or not recorded
    to_stop: Decimal | None = None  # USD lost if its stops fill at their prices, from the last price; None: unknown
    bare: Decimal | None = None  # USD market value of its shares without a stop; None: unknown


def position_lines(
    positions: Iterable[Position],
    holdings: Iterable[Holding],
    gaps: Iterable[Gap],
    losses: Iterable[StopLoss] = (),
    *,
    known: bool = True,
) -> tuple[PositionLine, ...]:
    """The lines of the broker's positions, by symbol. A position that is partly ours has two: our shares, the rest.

    Without ``known`` it is not known whether their stops rest.
    """
    ours = {holding.symbol: holding for holding in holdings}
    open_gaps = {gap.symbol for gap in gaps}
    lost = {(each.symbol, each.strategy): each for each in losses}
    return tuple(
        _with_loss(line, lost.get((line.symbol, line.strategy)))
        for position in sorted(positions, key=lambda position: position.symbol)
        for line in _lines(position, ours.get(position.symbol), position.symbol not in open_gaps if known else None)
    )


def total_at_stops(lines: Iterable[PositionLine]) -> StopLossTotal | None:
    """The loss if every stop fills at its price, of the lines whose loss is known; None without one."""
    known = [(line.to_stop, line.bare) for line in lines if line.to_stop is not None and line.bare is not None]
    to_stops, bare = sum((each[0] for each in known), ZERO), sum((each[1] for each in known), ZERO)
    return StopLossTotal(to_stops, bare, to_stops + bare) if known else None


def _with_loss(line: PositionLine, loss: StopLoss | None) -> PositionLine:
    return line if loss is None else replace(line, to_stop=loss.to_stops, bare=loss.bare)


def recorded_lines(positions: Iterable[Position], owners: Mapping[str, str]) -> tuple[PositionLine, ...]:
    """The lines of positions of the past, by symbol. Their stops and targets then are not stored.

    owners: the strategy by symbol; FOREIGN where there is none.
    """
    return tuple(
        PositionLine(
            strategy=owners.get(position.symbol, FOREIGN),
            symbol=position.symbol,
            quantity=position.quantity,
            entry_price=position.average_price,
            last=position.market_price,
            market_value=position.market_value,
            pnl=position.quantity * (position.market_price - position.average_price),
            stop=None,
            target=None,
            opened=None,
            protected=None,
        )
        for position in sorted(positions, key=lambda position: position.symbol)
    )


def _lines(position: Position, holding: Holding | None, covered: bool | None) -> Iterator[PositionLine]:
    shares = holding.shares_in(position).copy_sign(position.quantity) if holding else Decimal(0)
    foreign = position.quantity - shares
    if holding and shares:
        yield PositionLine(
            strategy=holding.strategy,
            symbol=position.symbol,
            quantity=shares,
            entry_price=holding.entry_price,
            last=position.market_price,
            market_value=shares * position.market_price if foreign else position.market_value,
            pnl=shares * (position.market_price - holding.entry_price),
            stop=holding.stop_price,
            target=holding.target_price,
            opened=holding.opened_session,
            protected=covered,
        )
    if foreign:
        entry = _foreign_entry(position, holding, shares)
        yield PositionLine(
            strategy=FOREIGN,
            symbol=position.symbol,
            quantity=foreign,
            entry_price=entry,
            last=position.market_price,
            market_value=foreign * position.market_price if shares else position.market_value,
            pnl=foreign * (position.market_price - entry),
            stop=None,
            target=None,
            opened=None,
            protected=None,
        )


def _foreign_entry(position: Position, holding: Holding | None, shares: Decimal) -> Decimal:
    """The average entry price of the foreign shares, USD: the broker's average covers the whole position."""
    if holding is None or not shares:
        return position.average_price
    cost = position.quantity * position.average_price - shares * holding.entry_price
    return (cost / (position.quantity - shares)).quantize(SUB_PENNY)  # the precision of the average
