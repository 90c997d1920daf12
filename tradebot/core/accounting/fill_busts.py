"""Busted fills: a symbol's history booked anew without the fill that the exchange took back.

What a fill closed depends on every fill before it, so lots and round trips are not patched but worked out again, from
everything that stands. Round trips that come out as they were stay; the others are undone, and those that come out
instead are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tradebot.core.accounting.lots import Booked, book_adjustment, book_fill, book_split
from tradebot.core.model.account import Adjustment, Fill, FillBust, SplitEvent
from tradebot.core.model.holdings import Lot, Trade
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory


@dataclass(frozen=True, slots=True)
class Rebooked:
    """A symbol after a bust: the fill that was taken back and whose it was, its open lots, and what changed."""

    busted: BookedActivity
    fill: Fill
    past: SymbolHistory
    lots: tuple[Lot, ...]
    undone: tuple[Trade, ...]
    made: tuple[Trade, ...]


def book_done(lots: Iterable[Lot], done: BookedActivity, exit_reason: str = "") -> Booked:
    """The lots after an activity that is booked for the strategy it was booked for before."""
    match done.activity:
        case Fill() as fill:
            return book_fill(lots, fill, done.strategy, exit_reason)
        case SplitEvent() as event:
            return book_split(lots, event)
        case Adjustment() as adjustment:
            return book_adjustment(lots, adjustment, done.strategy)


def rebooked(past: SymbolHistory, bust: FillBust) -> Rebooked | None:
    """A symbol's books without the fill that ``bust`` takes back; None when no such fill stands."""
    found = [(done, done.activity) for done in past.done if _is(done, bust.fill_id)]
    if not found:
        return None
    busted, fill = found[0]
    assert isinstance(fill, Fill)
    rest = tuple(done for done in past.done if done is not busted)
    standing = {_plain(trade.trade_id): trade for trade in past.trades}
    first = _last_flat_before(past.done, busted)
    before = _walk(past.done[first:], {})
    reasons = {
        fill_id: standing[trade.trade_id].exit_reason
        for fill_id, trades in before.closed_by.items()
        for trade in trades
        if trade.trade_id in standing
    }
    after = _walk(rest[first:], reasons)
    gone = {trade.trade_id: trade for trade in before.trades}
    come = {trade.trade_id: trade for trade in after.trades}
    undone = tuple(
        standing[name] for name, trade in gone.items() if name in standing and not _same(trade, come.get(name))
    )
    made = tuple(
        replace(trade, trade_id=f"{name}@{bust.event_id}")
        for name, trade in come.items()
        if not _same(trade, gone.get(name))
    )
    stays = tuple(trade for trade in past.trades if trade not in undone)
    return Rebooked(busted, fill, SymbolHistory(rest, (*stays, *made)), after.lots, undone, made)


@dataclass(frozen=True, slots=True)
class _Walked:
    """What a stretch of history comes to; ``closed_by`` gives the round trips by the fill that closed them."""

    lots: tuple[Lot, ...]
    trades: tuple[Trade, ...]
    closed_by: dict[str, tuple[Trade, ...]]


def _walk(stretch: Sequence[BookedActivity], reasons: dict[str, str]) -> _Walked:
    lots: tuple[Lot, ...] = ()
    trades: list[Trade] = []
    closed_by: dict[str, tuple[Trade, ...]] = {}
    for done in stretch:
        fill_id = done.activity.fill_id if isinstance(done.activity, Fill) else ""
        booked = book_done(lots, done, reasons.get(fill_id, "closed it once another fill was busted"))
        lots = booked.lots
        trades.extend(booked.trades)
        if fill_id and booked.trades:
            closed_by[fill_id] = booked.trades
    return _Walked(lots, tuple(trades), closed_by)


def _last_flat_before(done: Sequence[BookedActivity], busted: BookedActivity) -> int:
    """Where to begin: the last place at which nothing was held, at or before the busted fill."""
    first, lots = 0, tuple[Lot, ...]()
    for place, each in enumerate(done):
        if not lots:
            first = place
        if each is busted:
            break
        lots = book_done(lots, each).lots
    return first


def _is(done: BookedActivity, fill_id: str) -> bool:
    return isinstance(done.activity, Fill) and done.activity.fill_id == fill_id


def _plain(trade_id: str) -> str:
    """The id that a round trip had before any bust changed it."""
    return trade_id.partition("@")[0]


def _same(trade: Trade, other: Trade | None) -> bool:
    return other is not None and replace(trade, exit_reason="") == replace(other, exit_reason="")
