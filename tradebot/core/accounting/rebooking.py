"""Histories of symbols booked again, with an activity put in at its place or taken out.

The effect of an activity depends on every one before it, so lots and lot closures are computed anew from all of them.
Lot closures that come out the same stay; the others are undone, and new ones take their place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tradebot.core.accounting.lots import LotsAfter, book_adjustment, book_fill, book_split
from tradebot.core.accounting.reorganisations import book_reorganisation, join_arrived
from tradebot.core.model.account import Adjustment, Fill, Reorganisation, SplitEvent, id_of
from tradebot.core.model.exits import UNKNOWN_EXIT, Exit
from tradebot.core.model.holdings import Lot, LotClosure
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory

Histories = Mapping[str, SymbolHistory]


@dataclass(frozen=True, slots=True)
class Rebooked:
    """Symbols that were booked again."""

    histories: dict[str, SymbolHistory]
    lots: dict[str, tuple[Lot, ...]]  # open lots by symbol, oldest first
    undone: tuple[LotClosure, ...]  # lot closures that are taken back
    new_closures: tuple[LotClosure, ...]  # lot closures that take their place


def symbols_of(activity: Fill | SplitEvent | Adjustment | Reorganisation) -> tuple[str, ...]:
    """The symbols whose shares an activity changes: of a reorganisation the old one and the new one."""
    if isinstance(activity, Reorganisation) and activity.new_symbol is not None:
        return activity.symbol, activity.new_symbol
    return (activity.symbol,)


def in_order(activities: Iterable[BookedActivity]) -> tuple[BookedActivity, ...]:
    """The activities of a symbol in the order in which they take effect.

    An event that takes effect at an instant comes before everything since and after everything until then. The rest
    stays in the order of booking.
    """
    activities = tuple(activities)
    instants = sorted(at for each in activities if (at := _effective_at(each)) is not None)

    def place(booked: BookedActivity) -> tuple[int, bool]:
        at = _effective_at(booked)
        if at is not None:
            return bisect_right(instants, at), False
        return bisect_right(instants, booked.activity.at), True

    return tuple(sorted(activities, key=place))


def with_activity(histories: Histories, booked: BookedActivity) -> dict[str, SymbolHistory]:
    """The histories with one more activity in those of its symbols that are there."""
    extended = dict(histories)
    for symbol in symbols_of(booked.activity):
        if symbol in extended:
            before = extended[symbol]
            extended[symbol] = replace(before, activities=(*before.activities, booked))
    return extended


def comes_last(histories: Histories, booked: BookedActivity) -> bool:
    """Whether an activity takes effect after everything that ``histories`` hold of its symbols."""
    there = (histories[symbol] for symbol in symbols_of(booked.activity) if symbol in histories)
    return all(Newest.of(history).is_before(booked) for history in there)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest activities of a symbol: an activity is compared with them instead of with each."""

    effective_at: datetime | None = None  # of the events that take effect at an instant
    at: datetime | None = None  # of the others

    @classmethod
    def of(cls, history: SymbolHistory) -> Newest:
        """Those of a history."""
        newest = cls()
        for booked in history.activities:
            newest = newest.with_activity(booked)
        return newest

    def with_activity(self, booked: BookedActivity) -> Newest:
        """The newest after one more activity."""
        at = _effective_at(booked)
        if at is None:
            return Newest(self.effective_at, max(self.at or booked.activity.at, booked.activity.at))
        return Newest(max(self.effective_at or at, at), self.at)

    def is_before(self, booked: BookedActivity) -> bool:
        """Whether an activity takes effect after all activities of the symbol."""
        at = _effective_at(booked)
        if at is None:
            return self.effective_at is None or self.effective_at <= booked.activity.at
        return (self.at is None or self.at < at) and (self.effective_at is None or self.effective_at <= at)


def book_again(lots: Iterable[Lot], booked: BookedActivity, due: Exit = UNKNOWN_EXIT) -> LotsAfter:
    """The lots of an activity's symbol (the old one, of a reorganisation) after it, booked for the same strategy."""
    match booked.activity:
        case Fill() as fill:
            return book_fill(lots, fill, booked.strategy, due)
        case SplitEvent() as event:
            return book_split(lots, event)
        case Adjustment() as adjustment:
            return book_adjustment(lots, adjustment, booked.strategy)
        case Reorganisation() as event:
            effects = book_reorganisation(lots, event)
            return LotsAfter(effects.lots, effects.closures)


def lots_at(histories: Histories, symbol: str, instant: datetime) -> tuple[Lot, ...]:
    """The open lots of a symbol right before an instant, oldest first."""
    before = (each for each in in_order(histories[symbol].activities) if _takes_effect(each) < instant)
    return _replay(histories, symbol, before, {}).lots


def effective_since(history: SymbolHistory, instant: datetime) -> tuple[BookedActivity, ...]:
    """The activities of a symbol that take effect at an instant or later, in order."""
    return tuple(each for each in in_order(history.activities) if _takes_effect(each) >= instant)


def lots_before(histories: Histories, symbol: str, booked: BookedActivity) -> tuple[Lot, ...]:
    """The open lots of a symbol right before one of its activities, oldest first."""
    before: list[BookedActivity] = []
    for each in in_order(histories[symbol].activities):
        if id_of(each.activity) == id_of(booked.activity):
            break
        before.append(each)
    return _replay(histories, symbol, before, {}).lots


def rebook(
    histories: Histories, changed: Iterable[str], event_id: str, exits: Mapping[str, Exit] | None = None
) -> Rebooked:
    """The symbols whose histories were ``changed``, and those that took their place since, booked again.

    event_id: what changed the histories; the new lot closures bear it in their ids.
    exits: the exit by fill_id, for fills that closed no lot before.
    """
    lots: dict[str, tuple[Lot, ...]] = {}
    after: dict[str, SymbolHistory] = {}
    undone: list[LotClosure] = []
    new: list[LotClosure] = []
    for symbol in _with_successors(histories, changed):
        history = histories[symbol]
        standing = {_original_id(closure.trade_id): closure for closure in history.closures}
        known = {trade_id.rpartition("/")[2]: closure.exit for trade_id, closure in standing.items()}
        replayed = _replay(histories, symbol, in_order(history.activities), {**(exits or {}), **known})
        made = {closure.trade_id: closure for closure in replayed.closures}
        gone = [each for trade_id, each in standing.items() if not _is_same(each, made.get(trade_id))]
        come = [
            replace(closure, trade_id=f"{trade_id}@{event_id}")
            for trade_id, closure in made.items()
            if not _is_same(closure, standing.get(trade_id))
        ]
        kept = (closure for closure in history.closures if closure not in gone)
        after[symbol] = SymbolHistory(history.activities, (*kept, *come))
        lots[symbol] = replayed.lots
        undone += gone
        new += come
    return Rebooked(after, lots, tuple(undone), tuple(new))


def _replay(
    histories: Histories, symbol: str, activities: Iterable[BookedActivity], exits: Mapping[str, Exit]
) -> LotsAfter:
    """The lots of a symbol after ``activities``, in order, and all lot closures that they make."""
    lots: tuple[Lot, ...] = ()
    closures: list[LotClosure] = []
    for booked in activities:
        if booked.activity.symbol == symbol:
            effects = book_again(lots, booked, exits.get(id_of(booked.activity), UNKNOWN_EXIT))
        else:
            effects = join_arrived(lots, _arrived(histories, booked))
        lots = effects.lots
        closures.extend(effects.closures)
    return LotsAfter(lots, tuple(closures))


def _arrived(histories: Histories, booked: BookedActivity) -> tuple[Lot, ...]:
    """The lots that a reorganisation brings to its new symbol."""
    event = booked.activity
    assert isinstance(event, Reorganisation), "only a reorganisation has two symbols"
    return book_reorganisation(lots_before(histories, event.symbol, booked), event).arrived


def _with_successors(histories: Histories, changed: Iterable[str]) -> tuple[str, ...]:
    """The symbols, and those to which reorganisations took their shares, in the order in which they did."""
    found = dict.fromkeys(changed)
    waiting = list(found)
    while waiting:
        symbol = waiting.pop(0)
        for booked in in_order(histories[symbol].activities):
            for other in symbols_of(booked.activity)[1:]:
                if other not in found and other in histories:
                    found[other] = None
                    waiting.append(other)
    return tuple(found)


def _effective_at(booked: BookedActivity) -> datetime | None:
    event = booked.activity
    return event.effective_at if isinstance(event, SplitEvent | Reorganisation) else None


def _takes_effect(booked: BookedActivity) -> datetime:
    return _effective_at(booked) or booked.activity.at


def _original_id(trade_id: str) -> str:
    """The id of a lot closure before its symbol was booked again."""
    return trade_id.partition("@")[0]


def _is_same(closure: LotClosure, other: LotClosure | None) -> bool:
    """Whether two lot closures differ at most in what stands of their history: the id and the exit reason."""
    return other is not None and _figures(closure) == _figures(other)


def _figures(closure: LotClosure) -> LotClosure:
    return replace(
        closure, trade_id="", exit_reason="", exit_kind=None, stop_price=None, target_price=None, trailed_from=None
    )
