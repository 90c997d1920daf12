"""Reorganisations of lots: another name, shares of another company, or an end for cash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tradebot.core.accounting.lots import LotsAfter, book_fill, book_split, end_lots, oldest_first
from tradebot.core.model.account import ActionKind, Fill, Reorganisation, SplitEvent
from tradebot.core.model.exits import Exit, ExitKind
from tradebot.core.model.holdings import Lot, LotClosure
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO, canonical, dollars, plural

_EXIT_REASONS = {ActionKind.CASH_MERGER: "merger for cash", ActionKind.DELISTING: "delisting"}


@dataclass(frozen=True, slots=True)
class Reorganised:
    """The lots of both symbols after a reorganisation."""

    lots: tuple[Lot, ...]  # open lots of the old symbol
    arrived: tuple[Lot, ...] = ()  # lots that it brings to the new symbol
    closures: tuple[LotClosure, ...] = ()  # that it makes


def book_reorganisation(lots: Iterable[Lot], event: Reorganisation) -> Reorganised:
    """The lots after a reorganisation. ``lots``: the open lots of the old symbol, oldest first.

    A change of name keeps lots as they are. A merger for stock puts them on the basis of the new shares with unchanged
    cost, as a split does. A spin-off leaves the parent's lots and their cost unchanged: its own lots begin with the
    broker's price. A merger for cash and a delisting close every lot at the cash for one share.
    """
    open_lots = tuple(lots)
    new_symbol = event.new_symbol
    if new_symbol is None:
        return Reorganised((), (), end_lots(open_lots, event, event.cash, _exit(event)))
    match event.kind:
        case ActionKind.STOCK_MERGER:
            after = book_split(open_lots, _as_split(event))
            return Reorganised((), _named(after.lots, new_symbol), after.closures)
        case ActionKind.SPIN_OFF:
            spun_off = book_split(open_lots, _as_split(event)).lots
            return Reorganised(open_lots, tuple(_spun_off(lot, event, new_symbol) for lot in spun_off))
        case _:
            return Reorganised((), _named(open_lots, new_symbol))


def text_of(event: Reorganisation) -> str:
    """A reorganisation for people: "OLDN: name change to NEWN on 2007-01-05 (50 shares of it, 50 of NEWN)"."""
    what, new = f"{event.symbol}: {event.kind.replace('_', ' ')}", event.new_symbol
    if new is None:
        return f"{what} on {event.session} at {dollars(event.cash)} a share ended the holding"
    shares = f"{plural(event.quantity_before, 'share')} of it, {canonical(event.quantity_after)} of {new}"
    return f"{what} to {new} on {event.session} ({shares})"


def _exit(event: Reorganisation) -> Exit:
    return Exit(_EXIT_REASONS.get(event.kind, "reorganised"), ExitKind.CORPORATE_ACTION)


def join_arrived(lots: Iterable[Lot], arrived: Iterable[Lot]) -> LotsAfter:
    """A symbol's lots together with those that a reorganisation brings.

    Lots of the other side close what arrives, first in, first out: those shares were sold under the new symbol before
    the change was booked.
    """
    before, joined, closures = tuple(lots), tuple(arrived), list[LotClosure]()
    if not any(old.quantity * new.quantity < 0 for old in before for new in joined):
        return LotsAfter(oldest_first((*before, *joined)))
    for lot in before:
        booked = book_fill(joined, _as_fill(lot), lot.strategy, Exit("sold under the new symbol"))
        joined, closures = booked.lots, [*closures, *booked.closures]
    return LotsAfter(joined, tuple(closures))


def _as_fill(lot: Lot) -> Fill:
    """The fill that opened a lot."""
    return Fill(
        fill_id=lot.lot_id,
        broker_order_id="",
        client_order_id=lot.entry_client_order_id,
        symbol=lot.symbol,
        side=Side.BUY if lot.quantity > 0 else Side.SELL,
        quantity=abs(lot.quantity),
        price=lot.price,
        fee=lot.fee,
        at=lot.opened_at,
        session=lot.session,
    )


def _as_split(event: Reorganisation) -> SplitEvent:
    return SplitEvent(
        event_id=event.event_id,
        symbol=event.symbol,
        ratio=event.ratio,
        quantity_before=event.quantity_before,
        quantity_after=event.quantity_after,
        at=event.at,
        session=event.session,
    )


def _named(lots: Iterable[Lot], symbol: str) -> tuple[Lot, ...]:
    return tuple(replace(lot, symbol=symbol) for lot in lots)


def _spun_off(lot: Lot, event: Reorganisation, symbol: str) -> Lot:
    """The lot of new shares that a spin-off makes from one of the parent's."""
    return Lot(
        lot_id=f"{lot.lot_id}/{event.event_id}",
        strategy=lot.strategy,
        symbol=symbol,
        quantity=lot.quantity,
        price=event.price,
        fee=ZERO,
        opened_at=event.at,
        session=event.session,
    )
