"""Bookings: the effects of the broker's activities on lots, lot closures and holdings with their exit plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.accounting.fill_busts import rebook_without
from tradebot.core.accounting.lots import book_adjustment, book_fill, book_split
from tradebot.core.accounting.rebooking import (
    Histories,
    Rebooked,
    comes_last,
    in_order,
    lots_before,
    rebook,
    symbols_of,
    with_activity,
)
from tradebot.core.accounting.reorganisations import Reorganised, book_reorganisation, join_arrived
from tradebot.core.model.account import (
    CASH,
    ActionKind,
    Adjustment,
    Bookable,
    CashEvent,
    Fill,
    FillBust,
    Reorganisation,
    SplitEvent,
    id_of,
)
from tradebot.core.model.exits import Exit, ExitKind, stored_kind
from tradebot.core.model.holdings import FOREIGN, Holding, Lot, LotClosure, shares_of
from tradebot.core.model.ledger_rows import BookedActivity, Booking, SymbolState
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Intent, Purpose, Side
from tradebot.core.model.ownership import ours_among
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.values import ONE, ZERO, after_split
from tradebot.core.planning.exit_rules import entry_prices, exit_at_stop_or_target, with_exit_prices


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of a fill or an adjustment."""

    strategy: str
    intent: Intent | None  # the order's own; for a bracket's leg its entry's; None without one
    purpose: Purpose
    reason: str  # why the order was sent, for people; "" for a stop or target, which the price tells apart


FOREIGN_OWNER = Owner(FOREIGN, None, Purpose.ENTRY, "")


def bookings_for(
    activities: Iterable[Bookable],
    lots: Iterable[Lot],
    holdings: Iterable[Holding],
    owners: Mapping[str, Owner],
    limits: Limits,
    histories: Histories | None = None,
) -> tuple[Booking, ...]:
    """The bookings of activities, in order, each with the effects after the one before it.

    lots: the open lots, oldest first.
    owners: the owner by a fill's client_order_id or an adjustment's id; without one, the activity is foreign.
    limits: the exit plan of a holding without an entry's intent.
    histories: of each symbol that may be booked again, as of a busted fill, of an event that took effect before fills
    that are booked, and of a fill from before such an event. Their fills need owners too.

    A booking of a symbol carries all its open lots and its holding afterwards, changed or not.
    """
    bookings = _Bookings(lots, holdings, owners, limits, histories or {})
    return tuple(bookings.book(activity) for activity in activities)


class _Bookings:
    """Lots and holdings by symbol, updated activity by activity."""

    def __init__(
        self,
        lots: Iterable[Lot],
        holdings: Iterable[Holding],
        owners: Mapping[str, Owner],
        limits: Limits,
        histories: Histories,
    ) -> None:
        self.lots: dict[str, tuple[Lot, ...]] = {}
        for lot in lots:
            self.lots[lot.symbol] = (*self.lots.get(lot.symbol, ()), lot)
        self.holdings = {holding.symbol: holding for holding in holdings}
        self.owners = owners
        self.limits = limits
        self.histories = dict(histories)
        self.interrupted: dict[str, Holding] = {}  # by client_order_id: ended by a bust; a corrected fill revives it

    def book(self, activity: Bookable) -> Booking:
        match activity:
            case Fill() | SplitEvent() | Reorganisation() if not comes_last(
                self.histories, BookedActivity(activity, "")
            ):
                return self._book_in_place(activity)
            case Fill():
                return self._book_fill(activity)
            case SplitEvent():
                return self._book_split(activity)
            case Reorganisation():
                return self._book_reorganisation(activity)
            case CashEvent(symbol=str(symbol)):
                return self._booking(activity, self._holder(symbol), symbol)
            case FillBust():
                return self._book_bust(activity)
            case Adjustment() if activity.symbol != CASH:
                return self._book_adjustment(activity)
            case CashEvent() | Adjustment():
                return Booking(activity, FOREIGN, None)

    def _book_fill(self, fill: Fill) -> Booking:
        owner = self.owners.get(fill.client_order_id, FOREIGN_OWNER)
        held = self.holdings.get(fill.symbol)
        booked = book_fill(self.lots.get(fill.symbol, ()), fill, owner.strategy, _exit(owner, fill, held))
        self.lots[fill.symbol] = booked.lots
        self._set_holding(fill.symbol, self._after_fill(fill, owner, held))
        self._extend_history(BookedActivity(fill, owner.strategy), booked.closures)
        return self._booking(fill, owner.strategy, fill.symbol, booked.closures)

    def _book_split(self, event: SplitEvent) -> Booking:
        strategy = self._holder(event.symbol)
        held = self.holdings.get(event.symbol)
        booked = book_split(self.lots.get(event.symbol, ()), event)
        self.lots[event.symbol] = booked.lots
        own = self._ours(event.symbol)
        self._set_holding(event.symbol, _after_split(held, own, event.ratio) if held and own else None)
        self._extend_history(BookedActivity(event, strategy), booked.closures)
        return self._booking(event, strategy, event.symbol, booked.closures)

    def _book_reorganisation(self, event: Reorganisation) -> Booking:
        symbol, strategy, held = event.symbol, self._holder(event.symbol), self.holdings.get(event.symbol)
        booked = book_reorganisation(self.lots.get(symbol, ()), event)
        self.lots[symbol] = booked.lots
        if not booked.lots:
            self._set_holding(symbol, None)
        self._extend_history(BookedActivity(event, strategy), booked.closures)
        booking = self._booking(event, strategy, symbol, booked.closures)
        return booking if event.new_symbol is None else self._succeed(booking, event, event.new_symbol, held, booked)

    def _succeed(
        self, booking: Booking, event: Reorganisation, symbol: str, old: Holding | None, booked: Reorganised
    ) -> Booking:
        """The booking with its new symbol. The holding goes on there with the lots; a spin-off begins one."""
        joined = join_arrived(self.lots.get(symbol, ()), booked.arrived)
        self.lots[symbol] = joined.lots
        self._set_holding(symbol, self._succeeding(event, symbol, old))
        self._add_closures(symbol, joined.closures)
        return replace(booking, closures=(*booking.closures, *joined.closures), others=(self._state(symbol),))

    def _succeeding(self, event: Reorganisation, symbol: str, old: Holding | None) -> Holding | None:
        own, there = self._ours(symbol), self.holdings.get(symbol)
        if not own:
            return None
        if there is not None and there.quantity * own[0].quantity > 0:
            return _resized(there, own)
        if old is None:
            return None
        if event.kind is ActionKind.SPIN_OFF:
            return _entered(own, Owner(old.strategy, None, Purpose.ENTRY, ""), self.limits)
        return _after_split(replace(old, symbol=symbol), own, event.ratio)

    def _book_adjustment(self, adjustment: Adjustment) -> Booking:
        symbol = adjustment.symbol
        owner = self.owners.get(adjustment.adjustment_id, FOREIGN_OWNER)
        booked = book_adjustment(self.lots.get(symbol, ()), adjustment, owner.strategy)
        self.lots[symbol] = booked.lots
        self._set_holding(symbol, self._held_by(owner, symbol, self.holdings.get(symbol)))
        self._extend_history(BookedActivity(adjustment, owner.strategy))
        return self._booking(adjustment, owner.strategy, symbol)

    def _book_bust(self, bust: FillBust) -> Booking:
        result = rebook_without(self.histories, bust, self._exits())
        if result is None:
            return Booking(bust, FOREIGN, None)
        symbol, held = result.fill.symbol, self.holdings.get(result.fill.symbol)
        self._take(result.rebooked)
        for other in result.rebooked.lots:
            self._set_holding(other, self._held_still(other, self.holdings.get(other)))
        if held is None and symbol in self.holdings:
            closing = self.owners.get(result.fill.client_order_id, FOREIGN_OWNER)
            self.holdings[symbol] = _with_stop_of(closing, self.holdings[symbol])
        if held is not None and symbol not in self.holdings:
            self.interrupted[result.fill.client_order_id] = held
        return replace(self._rebooking(bust, result.strategy, symbol, result.rebooked), busted=result.fill)

    def _book_in_place(self, activity: Fill | SplitEvent | Reorganisation) -> Booking:
        """Book what took effect before activities that are booked."""
        symbol, old = activity.symbol, self.holdings.get(activity.symbol)
        booked = BookedActivity(activity, FOREIGN)
        booked = replace(booked, strategy=self._strategy_then(with_activity(self.histories, booked), booked))
        self.histories = with_activity(self.histories, booked)
        result = rebook(self.histories, symbols_of(activity), id_of(activity), self._exits())
        self._take(result)
        for each in result.lots:
            held = self.holdings.get(each)
            if isinstance(activity, SplitEvent):
                held = self._on_basis_of(activity, each, held)
            elif isinstance(activity, Reorganisation) and each == activity.new_symbol:
                held = self._succeeding(activity, each, old) or held
            self._set_holding(each, self._held_still(each, held))
        return self._rebooking(activity, booked.strategy, symbol, result)

    def _strategy_then(self, histories: Histories, booked: BookedActivity) -> str:
        """The strategy of a fill, or the one whose shares an event changes at its place."""
        if isinstance(booked.activity, Fill):
            return self.owners.get(booked.activity.client_order_id, FOREIGN_OWNER).strategy
        return next(
            (lot.strategy for lot in ours_among(lots_before(histories, booked.activity.symbol, booked))), FOREIGN
        )

    def _exits(self) -> dict[str, Exit]:
        """The exit by fill_id of the fills in the histories, should they close a lot."""
        activities = (booked.activity for history in self.histories.values() for booked in history.activities)
        fills = (activity for activity in activities if isinstance(activity, Fill))
        return {fill.fill_id: _exit(self.owners.get(fill.client_order_id, FOREIGN_OWNER), fill, None) for fill in fills}

    def _take(self, rebooked: Rebooked) -> None:
        self.histories |= rebooked.histories
        self.lots |= rebooked.lots

    def _rebooking(self, activity: Bookable, strategy: str, symbol: str, rebooked: Rebooked) -> Booking:
        booking = self._booking(activity, strategy, symbol, rebooked.new_closures)
        others = tuple(self._state(other) for other in rebooked.lots if other != symbol)
        return replace(booking, undone=rebooked.undone, others=others)

    def _extend_history(self, booked: BookedActivity, closures: tuple[LotClosure, ...] = ()) -> None:
        """Add an activity to the histories of its symbols, where those are needed."""
        self.histories = with_activity(self.histories, booked)
        self._add_closures(booked.activity.symbol, closures)

    def _add_closures(self, symbol: str, closures: tuple[LotClosure, ...]) -> None:
        history = self.histories.get(symbol)
        if history is not None and closures:
            self.histories[symbol] = replace(history, closures=(*history.closures, *closures))

    def _after_fill(self, fill: Fill, owner: Owner, held: Holding | None) -> Holding | None:
        holding = self._held_by(owner, fill.symbol, held)
        before = self.interrupted.pop(fill.client_order_id, None)
        if holding is None or before is None or (before.strategy, before.side) != (holding.strategy, holding.side):
            return holding
        return _resized(before, self._ours(fill.symbol))

    def _held_still(self, symbol: str, held: Holding | None) -> Holding | None:
        """The holding of a symbol that was booked again: it remains, or comes back with shares that do."""
        opener = next(iter(self._ours(symbol)), None)
        if opener is None:
            return None
        owner = replace(self.owners.get(opener.entry_client_order_id, FOREIGN_OWNER), strategy=opener.strategy)
        if owner.intent is not None:
            owner = replace(owner, intent=_rescaled(owner.intent, _ratio_since(self.histories, symbol, opener)))
        return self._held_by(owner, symbol, held)

    def _on_basis_of(self, event: SplitEvent, symbol: str, held: Holding | None) -> Holding | None:
        """A holding as it is after a split that its shares went through."""
        own = self._ours(symbol)
        is_held = held is not None and own and own[0].quantity * held.quantity > 0
        went_through = is_held and event.effective_at is not None and own[0].opened_at < event.effective_at
        return _after_split(held, own, event.ratio) if held is not None and went_through else held

    def _held_by(self, owner: Owner, symbol: str, held: Holding | None) -> Holding | None:
        """A symbol's holding. It stays with its strategy while shares of ours are left.

        It covers all shares of ours, those of another strategy's busted sale too.
        """
        own = self._ours(symbol)
        if held and own and own[0].quantity * held.quantity > 0:
            return _resized(held, own)
        return _entered(own, owner, self.limits) if own and owner.strategy != FOREIGN else None

    def _ours(self, symbol: str) -> tuple[Lot, ...]:
        return ours_among(self.lots.get(symbol, ()))

    def _holder(self, symbol: str) -> str:
        held = self.holdings.get(symbol)
        return held.strategy if held else FOREIGN

    def _set_holding(self, symbol: str, holding: Holding | None) -> None:
        if holding is None:
            self.holdings.pop(symbol, None)
        else:
            self.holdings[symbol] = holding

    def _state(self, symbol: str) -> SymbolState:
        return SymbolState(symbol, self.lots.get(symbol, ()), self.holdings.get(symbol))

    def _booking(
        self, activity: Bookable, strategy: str, symbol: str, closures: tuple[LotClosure, ...] = ()
    ) -> Booking:
        return Booking(activity, strategy, symbol, self.lots.get(symbol, ()), closures, self.holdings.get(symbol))


def _entered(own: tuple[Lot, ...], owner: Owner, limits: Limits) -> Holding:
    """A new holding. Its stop and target are the bracket's, whatever the price of the fill."""
    intent = owner.intent if owner.purpose is Purpose.ENTRY else None
    policy = (intent.policy if intent else None) or ExitPolicy()
    entry_price = _average_cost(own)
    quantity = shares_of(own)
    usual = entry_prices(entry_price, policy, limits, Side.BUY if quantity > 0 else Side.SELL)
    stop_loss = intent.request.stop_loss if intent else None
    return Holding(
        strategy=owner.strategy,
        symbol=own[0].symbol,
        quantity=quantity,
        entry_price=entry_price,
        stop_price=usual.stop if stop_loss is None else stop_loss,
        target_price=usual.target if intent is None else intent.request.take_profit,
        high_water=entry_price,
        policy=policy,
        opened_session=own[0].session,
    )


def _resized(held: Holding, own: tuple[Lot, ...]) -> Holding:
    entry_price = _average_cost(own)
    best = max if held.side is Side.BUY else min
    high_water = best(held.high_water, entry_price)
    return replace(held, quantity=shares_of(own), entry_price=entry_price, high_water=high_water)


def _after_split(held: Holding, own: tuple[Lot, ...], ratio: Decimal) -> Holding:
    """The holding on the new split basis. Its prices are rounded to the nearest tick, like those of its orders."""
    return replace(
        held,
        quantity=shares_of(own),
        entry_price=_average_cost(own),
        stop_price=after_split(held.stop_price, ratio),
        target_price=None if held.target_price is None else after_split(held.target_price, ratio),
        high_water=after_split(held.high_water, ratio),
        trailed_from=None if held.trailed_from is None else after_split(held.trailed_from, ratio),
    )


def _ratio_since(histories: Histories, symbol: str, opener: Lot) -> Decimal:
    """New shares for one old share over all splits and mergers since a lot was opened."""
    ratio, opened = ONE, False
    for booked in in_order(histories[symbol].activities):
        match booked.activity:
            case Fill(fill_id=identifier) | Adjustment(adjustment_id=identifier):
                opened = opened or identifier == opener.lot_id
            case SplitEvent(ratio=split) if opened:
                ratio *= split
            case Reorganisation(symbol=old, ratio=merged) if old != symbol and not opened:
                opened = _was_opened(histories, old, opener)
                ratio = merged * _ratio_since(histories, old, opener) if opened else ratio
    return ratio


def _was_opened(histories: Histories, symbol: str, opener: Lot) -> bool:
    return any(id_of(booked.activity) == opener.lot_id for booked in histories[symbol].activities)


def _rescaled(intent: Intent, ratio: Decimal) -> Intent:
    """An entry's intent with the prices of its bracket on the split basis of ``ratio``."""
    request = intent.request
    rescaled = replace(
        request,
        stop_loss=None if request.stop_loss is None else after_split(request.stop_loss, ratio),
        take_profit=None if request.take_profit is None else after_split(request.take_profit, ratio),
    )
    return intent if ratio == ONE else replace(intent, request=rescaled)


def _with_stop_of(closing: Owner, holding: Holding) -> Holding:
    """A holding that comes back, with the raised stop that the busted sale had filled, if it was one."""
    stop = closing.intent.request.stop_price if closing.intent and closing.purpose is Purpose.STOP else None
    better = stop is not None and (stop - holding.stop_price) * holding.side.sign > 0
    return holding.with_stop(stop) if stop is not None and better else holding


def _exit(owner: Owner, fill: Fill, held: Holding | None) -> Exit:
    """Why a fill closes lots, with the prices of the holding where it is known."""
    if owner.strategy == FOREIGN:
        due = Exit("closed outside tradebot", ExitKind.OUTSIDE)
    elif owner.purpose in (Purpose.STOP, Purpose.TARGET):
        return Exit("stop", ExitKind.STOP) if held is None else exit_at_stop_or_target(held, fill.price)
    else:
        reason = owner.reason or owner.purpose.value
        due = Exit(reason, (owner.intent.exit_kind if owner.intent else None) or stored_kind(reason))
    return due if held is None else with_exit_prices(due, held)


def _average_cost(lots: tuple[Lot, ...]) -> Decimal:
    return sum((lot.quantity * lot.price for lot in lots), ZERO) / shares_of(lots)
