"""Round trips by FIFO: which shares a fill closes, and what they earned.

The lots of a symbol never face both ways, because a broker nets a position. A fill closes opposite lots, its own
strategy's first and then anyone's, each oldest first; what is left of it opens a lot. So a sale by hand of shares that
a strategy bought ends that strategy's round trip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import accumulate, pairwise

from tradebot.core.model.account import Activity, Adjustment, Fill, FillBust, SplitEvent
from tradebot.core.model.holdings import Lot, Trade
from tradebot.core.model.orders import Side
from tradebot.core.model.ownership import BookedPositions, Lots, Ownership
from tradebot.core.model.values import NANO_SHARE, ZERO, pro_rata, without_dust


@dataclass(frozen=True, slots=True)
class Booked:
    """A symbol's open lots after an activity, oldest first, and the round trips that it closed."""

    lots: tuple[Lot, ...]
    trades: tuple[Trade, ...] = ()


def book_fill(lots: Iterable[Lot], fill: Fill, strategy: str, exit_reason: str = "") -> Booked:
    """Close what the fill closes of its symbol's ``lots`` (oldest first) and open the rest for ``strategy``.

    Fees are split by shares in whole cents, the remainder going with the last shares, so that no cent is lost or made.
    """
    open_lots = list(lots)
    left, fee = fill.quantity, fill.fee
    trades: list[Trade] = []
    if any(lot.quantity * fill.side.sign < 0 for lot in open_lots):
        open_lots = _averaged(open_lots)
    for lot in _to_close(open_lots, fill.side, strategy):
        if left == 0:
            break
        closing = min(left, abs(lot.quantity))
        exit_fee = pro_rata(fee, closing, left)
        trade, rest = _close(lot, closing, fill, exit_fee, exit_reason)
        trades.append(trade)
        _put_back(open_lots, lot, rest)
        left -= closing
        fee -= exit_fee
    if left:
        open_lots.append(_opened(fill, strategy, left, fee))
    return Booked(_oldest_first(open_lots), tuple(trades))


def lots_including(booked: BookedPositions, activities: Iterable[Activity], ownership: Ownership) -> Lots:
    """The open lots by symbol, oldest first, after the activities that the ledger has not booked.

    Fills that were busted among them, and lots that a busted fill had opened, are left out.
    """
    activities = tuple(activities)
    busted = {activity.fill_id for activity in activities if isinstance(activity, FillBust)}
    lots: dict[str, tuple[Lot, ...]] = {}
    for lot in booked.lots:
        if lot.lot_id not in busted:
            lots[lot.symbol] = (*lots.get(lot.symbol, ()), lot)
    for activity in activities:
        if isinstance(activity, Fill) and activity.fill_id not in busted:
            owner = ownership.strategy_of(activity)
            lots[activity.symbol] = book_fill(lots.get(activity.symbol, ()), activity, owner).lots
        elif isinstance(activity, SplitEvent):
            lots[activity.symbol] = book_split(lots.get(activity.symbol, ()), activity).lots
    return lots


def shown_average(lots: Iterable[Lot]) -> Decimal:
    """The average price of a position as brokers show it, USD a share: a sale leaves the average of the rest as it is.

    ``lots`` are all open lots of one symbol, at least one.
    """
    shares, cost = ZERO, ZERO
    for lot in lots:
        shares += lot.quantity
        cost += lot.quantity * _shown(lot)
    return cost / shares


def book_adjustment(lots: Iterable[Lot], adjustment: Adjustment, strategy: str) -> Booked:
    """The lots after a correction: they count with the broker's average price from now on.

    Shares that were not known become a lot of ``strategy`` at that price. Shares that are gone are taken off the newest
    lots, and end no round trip: what became of them is not known, so nothing was earned on them.
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
    return Booked(_oldest_first(_counted_with(lot, adjustment.price) for lot in open_lots))


def _oldest_first(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """What is booked late may be older than what was booked before it."""
    return tuple(sorted(lots, key=lambda lot: lot.opened_at))


def _averaged(lots: list[Lot]) -> list[Lot]:
    """The lots, each counting with the average of all of them."""
    if len({_shown(lot) for lot in lots}) < 2:
        return lots
    average = shown_average(lots)
    return [_counted_with(lot, average) for lot in lots]


def _shown(lot: Lot) -> Decimal:
    return lot.price if lot.shown_price is None else lot.shown_price


def _counted_with(lot: Lot, price: Decimal) -> Lot:
    return replace(lot, shown_price=None if price == lot.price else price)


def _to_close(lots: list[Lot], side: Side, strategy: str) -> list[Lot]:
    opposite = [lot for lot in lots if lot.quantity * side.sign < 0]
    return sorted(opposite, key=lambda lot: lot.strategy != strategy)  # stable: oldest first within each


def _close(lot: Lot, quantity: Decimal, fill: Fill, exit_fee: Decimal, exit_reason: str) -> tuple[Trade, Lot | None]:
    """Close ``quantity`` shares of a lot with a fill: the round trip, and what remains of the lot."""
    side = fill.side.opposite
    entry_fee = pro_rata(lot.fee, quantity, abs(lot.quantity))
    fees = entry_fee + exit_fee
    trade = Trade(
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
        exit_reason=exit_reason,
    )
    remaining = lot.quantity - quantity * side.sign
    return trade, replace(lot, quantity=remaining, fee=lot.fee - entry_fee) if remaining else None


def _put_back(lots: list[Lot], lot: Lot, rest: Lot | None) -> None:
    place = lots.index(lot)
    lots[place : place + 1] = [] if rest is None else [rest]


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


def book_split(lots: Iterable[Lot], event: SplitEvent) -> Booked:
    """The lots on the new split basis, at the cost and the fees that they had.

    The fraction of a share that the broker pays out in cash is taken from the newest shares, and its cost stays with
    the shares that remain: so round trips and cash events still add up to what the account earned. Where a reverse
    split leaves no share at all, each lot ends as a round trip at a price of zero, its payment being the cash event.
    """
    before = tuple(_averaged(list(lots)))
    if not before:
        return Booked(())
    shares = _shares_after([abs(lot.quantity) for lot in before], event)
    kept = [_rescaled(lot, quantity, event.ratio) for lot, quantity in zip(before, shares, strict=True) if quantity]
    gone = [lot for lot, quantity in zip(before, shares, strict=True) if not quantity]
    if not kept:
        return Booked((), tuple(_paid_out(lot, event) for lot in before))
    if gone:
        kept[-1] = _with_cost_of(kept[-1], gone)
    return Booked(tuple(kept))


def _shares_after(shares: list[Decimal], event: SplitEvent) -> list[Decimal]:
    """Each lot's shares after the split, oldest first. Running totals are rounded, not lots: so the sum is right."""
    paid_out = abs(event.quantity_before) * event.ratio - abs(event.quantity_after)
    total = max(ZERO, _nano(sum(shares, ZERO) * event.ratio - paid_out))
    ends = [min(_nano(end * event.ratio), total) for end in accumulate(shares)]
    return [end - start for start, end in pairwise([ZERO, *ends[:-1], total])]


def _rescaled(lot: Lot, shares: Decimal, ratio: Decimal) -> Lot:
    rescaled = replace(lot, quantity=shares.copy_sign(lot.quantity), price=_cost(lot) / shares)
    return _counted_with(rescaled, _shown(lot) / ratio)


def _with_cost_of(lot: Lot, gone: list[Lot]) -> Lot:
    cost = sum((_cost(other) for other in gone), _cost(lot))
    together = replace(lot, price=cost / abs(lot.quantity), fee=sum((other.fee for other in gone), lot.fee))
    return _counted_with(together, _shown(lot))


def _paid_out(lot: Lot, event: SplitEvent) -> Trade:
    """A lot of which the split left nothing but a payment in cash, which is booked as such."""
    side = Side.BUY if lot.quantity > 0 else Side.SELL
    return Trade(
        trade_id=f"{lot.lot_id}/{event.event_id}",
        strategy=lot.strategy,
        symbol=lot.symbol,
        side=side,
        quantity=abs(lot.quantity),
        entry_price=lot.price,
        exit_price=ZERO,
        fees=lot.fee,
        pnl=without_dust(-_cost(lot) * side.sign - lot.fee),
        opened_at=lot.opened_at,
        closed_at=event.at,
        entry_session=lot.session,
        exit_session=event.session,
        exit_reason="a split left less than one share, paid out in cash",
    )


def _cost(lot: Lot) -> Decimal:
    """What a lot's shares cost (or brought, for a short), USD without fees."""
    return abs(lot.quantity) * lot.price


def _nano(shares: Decimal) -> Decimal:
    return shares.quantize(NANO_SHARE, rounding=ROUND_HALF_EVEN)
