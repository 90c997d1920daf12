"""Lots and lot closures, first in, first out: the effects of fills, splits and adjustments on the lots of a symbol.

All lots of a symbol are on one side, because a broker nets a position. A fill closes lots of the other side: those of
its own strategy first, then all others, each oldest first. The rest of the fill opens a lot. So a sale by hand of
shares that a strategy bought ends that strategy's position.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import accumulate, pairwise
from operator import attrgetter

from tradebot.core.model.account import Adjustment, Fill, Reorganisation, SplitEvent
from tradebot.core.model.exits import UNKNOWN_EXIT, Exit, ExitKind
from tradebot.core.model.holdings import Lot, LotClosure
from tradebot.core.model.orders import Side
from tradebot.core.model.values import NANO_SHARE, ZERO, pro_rata, without_dust

_SPLIT_AWAY = Exit("a split left less than one share, paid out in cash", ExitKind.CORPORATE_ACTION)


@dataclass(frozen=True, slots=True)
class LotsAfter:
    """A symbol's lots after an activity."""

    lots: tuple[Lot, ...]  # open lots, oldest first
    closures: tuple[LotClosure, ...] = ()  # that the activity made


def book_fill(lots: Iterable[Lot], fill: Fill, strategy: str, due: Exit = UNKNOWN_EXIT) -> LotsAfter:
    """The lots after a fill of ``strategy``. ``lots``: the symbol's open lots, oldest first.

    Fees are split by shares in whole cents, the remainder with the last shares, so that they add up to the cent.
    """
    open_lots = list(lots)
    left, fee = fill.quantity, fill.fee
    closures: list[LotClosure] = []
    if any(lot.quantity * fill.side.sign < 0 for lot in open_lots):
        open_lots = _at_average_price(open_lots)
    for lot in _to_close(open_lots, fill.side, strategy):
        if left == 0:
            break
        closing = min(left, abs(lot.quantity))
        exit_fee = pro_rata(fee, closing, left)
        closure, rest = _close(lot, closing, fill, exit_fee, due)
        closures.append(closure)
        _put_back(open_lots, lot, rest)
        left -= closing
        fee -= exit_fee
    if left:
        open_lots.append(_opened(fill, strategy, left, fee))
    return LotsAfter(oldest_first(open_lots), tuple(closures))


def shown_average(lots: Iterable[Lot]) -> Decimal:
    """The average price of a position as brokers show it, USD a share: a sale does not change it.

    ``lots``: all open lots of one symbol, at least one.
    """
    shares, cost = ZERO, ZERO
    for lot in lots:
        shares += lot.quantity
        cost += lot.quantity * _price_in_average(lot)
    return cost / shares


def book_adjustment(lots: Iterable[Lot], adjustment: Adjustment, strategy: str) -> LotsAfter:
    """The lots after an adjustment, which then count with the broker's average price.

    Added shares become a lot of ``strategy`` at that price. Removed shares are taken from the newest lots and make no
    closure, because their exit price is unknown.
    """
    open_lots = list(lots)
    left = adjustment.quantity
    while left and open_lots and open_lots[-1].quantity * left < 0:
        newest = open_lots.pop()
        gone = min(abs(left), abs(newest.quantity))
        if gone < abs(newest.quantity):
            fee = newest.fee - pro_rata(newest.fee, gone, abs(newest.quantity))
            rest = newest.quantity - gone.copy_sign(newest.quantity)
            open_lots.append(replace(newest, quantity=rest, fee=fee))
        left += gone.copy_sign(newest.quantity)
    if left:
        open_lots.append(
            Lot(
                lot_id=adjustment.adjustment_id,
                strategy=strategy,
                symbol=adjustment.symbol,
                quantity=left,
                price=adjustment.price,
                fee=ZERO,
                opened_at=adjustment.at,
                session=adjustment.session,
            )
        )
    return LotsAfter(oldest_first(_with_price_in_average(lot, adjustment.price) for lot in open_lots))


def oldest_first(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """The lots by age. A fill that is booked late may be older than those before it."""
    return tuple(sorted(lots, key=attrgetter("opened_at")))


def _at_average_price(lots: list[Lot]) -> list[Lot]:
    """The lots, each of which counts with the average price of all."""
    if len({_price_in_average(lot) for lot in lots}) < 2:
        return lots
    average = shown_average(lots)
    return [_with_price_in_average(lot, average) for lot in lots]


def _price_in_average(lot: Lot) -> Decimal:
    return lot.price if lot.shown_price is None else lot.shown_price


def _with_price_in_average(lot: Lot, price: Decimal) -> Lot:
    return replace(lot, shown_price=None if price == lot.price else price)


def _to_close(lots: list[Lot], side: Side, strategy: str) -> list[Lot]:
    opposite = [lot for lot in lots if lot.quantity * side.sign < 0]
    return sorted(opposite, key=lambda lot: lot.strategy != strategy)  # stable: oldest first within each


def _close(lot: Lot, quantity: Decimal, fill: Fill, exit_fee: Decimal, due: Exit) -> tuple[LotClosure, Lot | None]:
    """The closure of ``quantity`` shares of a lot by a fill, and the rest of the lot; None without one."""
    side = fill.side.opposite
    entry_fee = pro_rata(lot.fee, quantity, abs(lot.quantity))
    fees = entry_fee + exit_fee
    closure = LotClosure(
        trade_id=f"{lot.lot_id}/{fill.fill_id}",
        strategy=lot.strategy,
        symbol=lot.symbol,
        side=side,
        quantity=quantity,
        entry_price=lot.price,
        exit_price=fill.price,
        fees=fees,
        pnl=without_dust((fill.price - lot.price) * quantity * side.sign - fees),
        opened_at=lot.opened_at,
        closed_at=fill.at,
        entry_session=lot.session,
        exit_session=fill.session,
        exit_reason=due.reason,
        exit_kind=due.kind,
        stop_price=due.stop_price,
        target_price=due.target_price,
        trailed_from=due.trailed_from,
    )
    remaining = lot.quantity - quantity * side.sign
    return closure, replace(lot, quantity=remaining, fee=lot.fee - entry_fee) if remaining else None


def _put_back(lots: list[Lot], lot: Lot, rest: Lot | None) -> None:
    index = lots.index(lot)
    lots[index : index + 1] = [] if rest is None else [rest]


def _opened(fill: Fill, strategy: str, quantity: Decimal, fee: Decimal) -> Lot:
    return Lot(
        lot_id=fill.fill_id,
        strategy=strategy,
        symbol=fill.symbol,
        quantity=quantity * fill.side.sign,
        price=fill.price,
        fee=fee,
        opened_at=fill.at,
        session=fill.session,
        entry_client_order_id=fill.client_order_id,
    )


def book_split(lots: Iterable[Lot], event: SplitEvent) -> LotsAfter:
    """The lots on the new split basis, with unchanged cost and fees.

    The fraction of a share that the broker pays in cash is taken from the newest shares. Its cost stays with the
    remaining shares, so that lot closures and cash events add up to the account's result. Where a reverse split leaves
    no share, each lot is closed at a price of 0, and the cash event is its payment.
    """
    before = tuple(_at_average_price(list(lots)))
    if not before:
        return LotsAfter(())
    shares = _shares_after([abs(lot.quantity) for lot in before], event)
    kept = [_rescaled(lot, quantity, event.ratio) for lot, quantity in zip(before, shares, strict=True) if quantity]
    gone = [lot for lot, quantity in zip(before, shares, strict=True) if not quantity]
    if not kept:
        return LotsAfter((), end_lots(before, event, ZERO, _SPLIT_AWAY))
    if gone:
        kept[-1] = _with_cost_of(kept[-1], gone)
    return LotsAfter(tuple(kept))


def _shares_after(shares: list[Decimal], event: SplitEvent) -> list[Decimal]:
    """Each lot's shares after the split, oldest first. The running totals are rounded, so that the sum is exact."""
    paid_out = abs(event.quantity_before) * event.ratio - abs(event.quantity_after)
    total = max(ZERO, _to_nano_share(sum(shares, ZERO) * event.ratio - paid_out))
    ends = [min(_to_nano_share(end * event.ratio), total) for end in accumulate(shares)]
    return [end - start for start, end in pairwise([ZERO, *ends[:-1], total])]


def _rescaled(lot: Lot, shares: Decimal, ratio: Decimal) -> Lot:
    rescaled = replace(lot, quantity=shares.copy_sign(lot.quantity), price=_cost(lot) / shares)
    return _with_price_in_average(rescaled, _price_in_average(lot) / ratio)


def _with_cost_of(lot: Lot, gone: list[Lot]) -> Lot:
    cost = sum((_cost(other) for other in gone), _cost(lot))
    together = replace(lot, price=cost / abs(lot.quantity), fee=sum((other.fee for other in gone), lot.fee))
    return _with_price_in_average(together, _price_in_average(lot))


def end_lots(
    lots: Iterable[Lot], event: SplitEvent | Reorganisation, price: Decimal, due: Exit
) -> tuple[LotClosure, ...]:
    """The lot closures of lots that an event ends at ``price``. What is paid for them is a cash event of its own."""
    return tuple(_ended(lot, event, price, due) for lot in lots)


def _ended(lot: Lot, event: SplitEvent | Reorganisation, price: Decimal, due: Exit) -> LotClosure:
    side = Side.BUY if lot.quantity > 0 else Side.SELL
    return LotClosure(
        trade_id=f"{lot.lot_id}/{event.event_id}",
        strategy=lot.strategy,
        symbol=lot.symbol,
        side=side,
        quantity=abs(lot.quantity),
        entry_price=lot.price,
        exit_price=price,
        fees=lot.fee,
        pnl=without_dust((price - lot.price) * abs(lot.quantity) * side.sign - lot.fee),
        opened_at=lot.opened_at,
        closed_at=event.at,
        entry_session=lot.session,
        exit_session=event.session,
        exit_reason=due.reason,
        exit_kind=due.kind,
        stop_price=due.stop_price,
        target_price=due.target_price,
        trailed_from=due.trailed_from,
    )


def _cost(lot: Lot) -> Decimal:
    """The cost of a lot's shares (the proceeds, for a short), USD without fees."""
    return abs(lot.quantity) * lot.price


def _to_nano_share(shares: Decimal) -> Decimal:
    return shares.quantize(NANO_SHARE, rounding=ROUND_HALF_EVEN)
