"""Busted fills: the history of a symbol booked again without the fill that the exchange took back.

The effect of a fill depends on every fill before it, so lots and round trips are computed anew from all other
activities. Round trips that come out the same stay; the others are undone, and new ones take their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tradebot.core.accounting.lots import LotsAfter, book_adjustment, book_fill, book_split
from tradebot.core.accounting.reorganisations import book_reorganisation, join_arrived
from tradebot.core.model.account import Adjustment, Fill, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.holdings import Lot, Trade
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory


@dataclass(frozen=True, slots=True)
class Rebooked:
    """A symbol after a bust."""

    busted: BookedActivity
    fill: Fill  # the busted fill
    history: SymbolHistory  # without it
    lots: tuple[Lot, ...]  # open lots, oldest first
    undone: tuple[Trade, ...]  # round trips that are taken back
    new_trades: tuple[Trade, ...]  # round trips that take their place


def rebook_activity(lots: Iterable[Lot], booked: BookedActivity, exit_reason: str = "") -> LotsAfter:
    """The lots after an activity, booked for the same strategy as before."""
    match booked.activity:
        case Fill() as fill:
            return book_fill(lots, fill, booked.strategy, exit_reason)
        case SplitEvent() as event:
            return book_split(lots, event)
        case Adjustment() as adjustment:
            return book_adjustment(lots, adjustment, booked.strategy)
        case Reorganisation() as event:
            if booked.arrived is not None:
                return join_arrived(lots, booked.arrived)
            effects = book_reorganisation(lots, event)
            return LotsAfter(effects.lots, effects.trades)


def rebook_without(history: SymbolHistory, bust: FillBust) -> Rebooked | None:
    """A symbol's history booked again without the busted fill; None when the history does not hold it."""
    busted = next((booked for booked in history.activities if _fill_id(booked) == bust.fill_id), None)
    if busted is None:
        return None
    fill = busted.activity
    assert isinstance(fill, Fill)
    rest = tuple(booked for booked in history.activities if booked is not busted)
    standing = {_original_id(trade.trade_id): trade for trade in history.trades}
    first = _last_flat_before(history.activities, busted)
    before = _replay(history.activities[first:], {})
    reasons = {
        fill_id: standing[trade.trade_id].exit_reason
        for fill_id, trades in before.closed_by.items()
        for trade in trades
        if trade.trade_id in standing
    }
    after = _replay(rest[first:], reasons)
    old = {trade.trade_id: trade for trade in before.trades}
    new = {trade.trade_id: trade for trade in after.trades}
    undone = tuple(
        standing[trade_id]
        for trade_id, trade in old.items()
        if trade_id in standing and not _is_same(trade, new.get(trade_id))
    )
    new_trades = tuple(
        replace(trade, trade_id=f"{trade_id}@{bust.event_id}")
        for trade_id, trade in new.items()
        if not _is_same(trade, old.get(trade_id))
    )
    kept = tuple(trade for trade in history.trades if trade not in undone)
    return Rebooked(busted, fill, SymbolHistory(rest, (*kept, *new_trades)), after.lots, undone, new_trades)


@dataclass(frozen=True, slots=True)
class _Replayed:
    """The result of booking a part of a history."""

    lots: tuple[Lot, ...]
    trades: tuple[Trade, ...]
    closed_by: dict[str, tuple[Trade, ...]]  # the round trips by the fill that closed them


def _replay(activities: Sequence[BookedActivity], reasons: dict[str, str]) -> _Replayed:
    lots: tuple[Lot, ...] = ()
    trades: list[Trade] = []
    closed_by: dict[str, tuple[Trade, ...]] = {}
    for booked in activities:
        fill_id = _fill_id(booked)
        result = rebook_activity(lots, booked, reasons.get(fill_id, "closed it once another fill was busted"))
        lots = result.lots
        trades.extend(result.trades)
        if fill_id and result.trades:
            closed_by[fill_id] = result.trades
    return _Replayed(lots, tuple(trades), closed_by)


def _last_flat_before(activities: Sequence[BookedActivity], busted: BookedActivity) -> int:
    """The index of the last activity, up to the busted one, before which nothing was held."""
    first, lots = 0, tuple[Lot, ...]()
    for index, booked in enumerate(activities):
        if not lots:
            first = index
        if booked is busted:
            break
        lots = rebook_activity(lots, booked).lots
    return first


def _fill_id(booked: BookedActivity) -> str:
    """The id of a booked fill; "" for other activities."""
    return booked.activity.fill_id if isinstance(booked.activity, Fill) else ""


def _original_id(trade_id: str) -> str:
    """The id of a round trip before busts changed it."""
    return trade_id.partition("@")[0]


def _is_same(trade: Trade, other: Trade | None) -> bool:
    return other is not None and replace(trade, exit_reason="") == replace(other, exit_reason="")
