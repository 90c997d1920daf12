"""Round trips: the lot closures of one strategy in one symbol, grouped from flat to flat.

A strategy holds shares of a symbol from the opening of a lot to its last closure. Closures whose times overlap belong
to one round trip, so that several fills in and out are one trade. Closures that only touch do not: a fill that turns a
position ends one round trip and begins the next. Shares keep their round trip through a split, a change of name and a
merger for stock. Shares that a correction removes are closed by nothing and no part of a round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from tradebot.core.model.account import ActionKind, Reorganisation, SplitEvent
from tradebot.core.model.holdings import Lot, LotClosure, OpenTrade, Trade
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ONE, ZERO, without_dust


class Closed(Protocol):
    """What the grouping needs of a lot closure. An instant may be a text that sorts by time."""

    @property
    def trade_id(self) -> str:
        """The ids of its lot and of what closed it."""

    @property
    def strategy(self) -> str:
        """The strategy of the lot."""

    @property
    def symbol(self) -> str:
        """The symbol when it was closed."""

    @property
    def opened_at(self) -> Any:
        """When its lot was opened."""

    @property
    def closed_at(self) -> Any:
        """When it was closed."""


C = TypeVar("C", bound=Closed)


@dataclass(frozen=True, slots=True)
class ShareChange:
    """Shares that became others and stay in their round trip."""

    symbol: str
    new_symbol: str
    at: Any  # as the instants of the closures
    ratio: Decimal  # new shares for one old share


@dataclass(frozen=True, slots=True)
class OpenSince:
    """Shares of one strategy in one symbol that are open."""

    strategy: str
    symbol: str
    lot_id: str
    opened_at: Any  # as the instants of the closures


@dataclass(slots=True)
class _Group(Generic[C]):
    closures: list[C]  # newest first
    earliest: Any  # opening of the oldest lot
    open_lots: tuple[str, ...] = ()  # their ids; a group without any is over


def share_changes(events: Iterable[SplitEvent | Reorganisation]) -> tuple[ShareChange, ...]:
    """The splits, changes of name and mergers for stock among ``events``."""
    return tuple(
        ShareChange(event.symbol, _successor(event), event.effective_at or event.at, event.ratio)
        for event in events
        if isinstance(event, SplitEvent) or _goes_on(event)
    )


def open_lots(lots: Iterable[Lot]) -> tuple[OpenSince, ...]:
    """The open lots as ``grouped`` takes them."""
    return tuple(OpenSince(lot.strategy, lot.symbol, lot.lot_id, lot.opened_at) for lot in lots)


def round_trips(
    closures: Iterable[LotClosure], lots: Iterable[Lot], events: Iterable[SplitEvent | Reorganisation] = ()
) -> tuple[Trade, ...]:
    """The round trips that are over, by their end.

    closures: all that stand, in the order of booking.
    lots: the open lots.
    events: the splits and reorganisations of the symbols.
    """
    changes = share_changes(events)
    by_end = sorted(closures, key=lambda each: each.closed_at)
    trades = [trade_of(group, changes) for group in grouped(reversed(by_end), open_lots(lots), changes)]
    return tuple(sorted(trades, key=lambda trade: trade.closed_at))


def open_round_trips(
    closures: Iterable[LotClosure], lots: Iterable[Lot], events: Iterable[SplitEvent | Reorganisation] = ()
) -> tuple[OpenTrade, ...]:
    """The round trips that are open, by their beginning. The arguments are those of ``round_trips``."""
    changes, lots = share_changes(events), tuple(lots)
    by_end = sorted(closures, key=lambda each: each.closed_at)
    groups = (group for group in _groups(reversed(by_end), open_lots(lots), changes) if group.open_lots)
    by_id = {lot.lot_id: lot for lot in lots}
    trades = [_open_trade([by_id[each] for each in group.open_lots], group.closures) for group in groups]
    return tuple(sorted(trades, key=lambda trade: trade.opened_at))


def grouped(closures: Iterable[C], lots: Iterable[OpenSince], changes: Iterable[ShareChange] = ()) -> Iterator[list[C]]:
    """The closures of each round trip that is over, newest first, in no order of their own.

    closures: those that stand, by ``closed_at``, the newest first.
    """
    return (group.closures for group in _groups(closures, lots, changes) if not group.open_lots)


def _groups(closures: Iterable[C], lots: Iterable[OpenSince], changes: Iterable[ShareChange]) -> Iterator[_Group[C]]:
    """The round trips, open ones too."""
    groups: dict[tuple[str, str], _Group[C]] = {}
    for lot in lots:
        _open(groups, lot)
    moves = _by_symbol(changes)
    for closure in closures:
        symbol, opened_at, closed_at = closure.symbol, closure.opened_at, closure.closed_at
        if symbol in moves:
            symbol = _symbol_at_the_end(closure, moves)
        key = (closure.strategy, symbol)
        group = groups.get(key)
        if group is not None:
            if closed_at > group.earliest or (closed_at == group.earliest and _shares_a_part(group, closure)):
                group.closures.append(closure)
                if opened_at < group.earliest:
                    group.earliest = opened_at
                continue
            yield group
        groups[key] = _Group([closure], opened_at)
    yield from groups.values()


def parts_of(trade_id: str) -> tuple[str, str]:
    """The ids of the lot and of the fill or event that a lot closure's id is made of."""
    lot_id, _, fill_id = trade_id.partition("@")[0].rpartition("/")
    return lot_id, fill_id


def trade_of(closures: Sequence[LotClosure], changes: Iterable[ShareChange] = ()) -> Trade:
    """The round trip of ``closures``, at least one, newest first. P&L and fees are their sums."""
    last, first = closures[0], min(closures, key=lambda each: each.opened_at)
    moves = _by_symbol(changes)
    ids = [parts_of(each.trade_id) for each in closures]
    shares = sum((each.quantity * _ratio_until(each, last.closed_at, moves) for each in closures), ZERO)
    paid = sum((each.quantity * each.entry_price for each in closures), ZERO)
    got = sum((each.quantity * each.exit_price for each in closures), ZERO)
    return Trade(
        trade_id=last.trade_id,
        strategy=last.strategy,
        symbol=last.symbol,
        side=first.side,
        quantity=shares,
        entry_price=last.entry_price if len(closures) == 1 else without_dust(paid / shares),
        exit_price=last.exit_price if len(closures) == 1 else without_dust(got / shares),
        fees=sum((each.fees for each in closures), ZERO),
        pnl=sum((each.pnl for each in closures), ZERO),
        opened_at=first.opened_at,
        closed_at=last.closed_at,
        entry_session=first.entry_session,
        exit_session=last.exit_session,
        exit_reason=last.exit_reason,
        exit_kind=last.exit.kind,
        entries=len({lot_id for lot_id, _ in ids}),
        exits=len({fill_id for _, fill_id in ids}),
    )


def _open_trade(lots: Sequence[Lot], closures: Sequence[LotClosure]) -> OpenTrade:
    """The open round trip of ``lots``, at least one, and of the closures so far."""
    beginnings = [(lot.opened_at, lot.session) for lot in lots]
    opened_at, session = min(beginnings + [(each.opened_at, each.entry_session) for each in closures])
    shares = sum((lot.quantity for lot in lots), ZERO)
    cost = sum((lot.quantity * lot.price for lot in lots), ZERO)
    ids = [parts_of(each.trade_id) for each in closures]
    return OpenTrade(
        strategy=lots[0].strategy,
        symbol=lots[0].symbol,
        side=Side.BUY if shares > 0 else Side.SELL,
        quantity=abs(shares),
        entry_price=lots[0].price if len(lots) == 1 else without_dust(cost / shares),
        fees=sum((each.fees for each in closures), ZERO) + sum((lot.fee for lot in lots), ZERO),
        realised=sum((each.pnl for each in closures), ZERO),
        opened_at=opened_at,
        entry_session=session,
        entries=len({lot.lot_id for lot in lots} | {lot_id for lot_id, _ in ids}),
        exits=len({fill_id for _, fill_id in ids}),
    )


def _goes_on(event: Reorganisation) -> bool:
    """Whether the shares of a reorganisation stay in their round trip. Those of a spin-off begin one."""
    return event.new_symbol is not None and event.kind is not ActionKind.SPIN_OFF


def _successor(event: SplitEvent | Reorganisation) -> str:
    new_symbol = event.new_symbol if isinstance(event, Reorganisation) else None
    return new_symbol or event.symbol


def _open(groups: dict[tuple[str, str], _Group[C]], lot: OpenSince) -> None:
    group = groups.setdefault((lot.strategy, lot.symbol), _Group([], lot.opened_at))
    group.earliest = min(group.earliest, lot.opened_at)
    group.open_lots += (lot.lot_id,)


def _shares_a_part(group: _Group[C], closure: C) -> bool:
    """Whether a closure at the instant at which the group began has a lot or a fill in common with it."""
    lot_id, fill_id = parts_of(closure.trade_id)
    there = [parts_of(each.trade_id) for each in group.closures]
    return lot_id in group.open_lots or any(lot_id == lot or fill_id == fill for lot, fill in there)


def _by_symbol(changes: Iterable[ShareChange]) -> dict[str, list[ShareChange]]:
    """The changes of each symbol by time."""
    moves: dict[str, list[ShareChange]] = {}
    for change in sorted(changes, key=lambda each: each.at):
        moves.setdefault(change.symbol, []).append(change)
    return moves


def _symbol_at_the_end(closure: C, moves: Mapping[str, Sequence[ShareChange]]) -> str:
    """The symbol that the rest of the closed shares has had last."""
    symbol, at = closure.symbol, closure.closed_at
    while (change := next((each for each in moves.get(symbol, ()) if each.at > at), None)) is not None:
        symbol, at = change.new_symbol, change.at
    return symbol


def _ratio_until(closure: LotClosure, end: datetime, moves: Mapping[str, Sequence[ShareChange]]) -> Decimal:
    """The shares at ``end`` that one closed share would have become."""
    symbol, at, ratio = closure.symbol, closure.closed_at, ONE
    while (change := next((each for each in moves.get(symbol, ()) if at < each.at <= end), None)) is not None:
        symbol, at, ratio = change.new_symbol, change.at, ratio * change.ratio
    return ratio
