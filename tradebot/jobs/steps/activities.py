"""Books the broker's activities (fills, busts, cash, splits), each once, for the strategy that owns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from tradebot.core.accounting.booking import FOREIGN_OWNER, Owner, bookings_for
from tradebot.core.accounting.corporate_actions import SAME_ACTION, is_told_again
from tradebot.core.accounting.rebooking import symbols_of
from tradebot.core.accounting.reorganisations import text_of
from tradebot.core.model.account import (
    CASH,
    Activity,
    CashEvent,
    Fill,
    FillBust,
    Reorganisation,
    SplitEvent,
    UnreadActivity,
    id_of,
)
from tradebot.core.model.exchange_time import is_end_of_day
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Booking, SymbolHistory
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, Purpose, may_move
from tradebot.core.model.ownership import ours_among
from tradebot.core.model.values import ZERO
from tradebot.jobs.desk import Desk
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.submit import apply_broker_state

#: The most notes on rows of the broker's that one job has; the log has them all.
MOST_UNREAD = 5


def book_new_activities(desk: Desk) -> StepResult:
    """Book the new activities: the result has their fills, and notes on foreign, busted and unread ones.

    A bust is alerted.
    """
    bookings = book_activities(desk)
    notes = [note for booking in bookings if (note := _note_of(booking))]
    notes += unread_notes(desk)
    for booking in bookings:
        if isinstance(booking.activity, FillBust):
            desk.alerts.send("warning", "a fill was busted", _note_of(booking))
    fills = (booking.activity for booking in bookings if isinstance(booking.activity, Fill))
    return StepResult(fills=tuple(fills), notes=tuple(notes))


def book_activities(desk: Desk) -> tuple[Booking, ...]:
    """Book the activities after the cursor, and late ones before it. Returns a booking for each.

    Fills that change an order which has ended correct the order in the same transaction. Raises BrokerUnavailable.
    """
    books = desk.ledger.books
    cursor = books.cursor()
    activities, new = _read(desk, cursor)
    if not activities and not new:
        return ()
    fills = tuple(activity for activity in activities if isinstance(activity, Fill))
    histories = books.histories(_may_be_booked_again(desk, activities, fills))
    owners = {**owners_in(desk, histories), **_owners(desk, fills)}
    _revive_abandoned(desk, owners.values())
    activities = tuple(_told_by(activity, desk.clock.now()) for activity in activities)
    bookings = bookings_for(activities, books.lots(), books.holdings(), owners, desk.settings.limits(), histories)
    corrected = _corrected_intents(desk, bookings)
    with desk.ledger.transaction():
        books.book(bookings, desk.clock.now(), cursor=id_of(new[-1]) if new else cursor)
        for intent in corrected:
            _correct(desk, intent)
    return bookings


def _told_by(activity: Activity, now: datetime) -> Activity:
    """The activity at an instant no later than now, where it has nothing but a date: its cash is there already."""
    is_early = isinstance(activity, CashEvent) and is_end_of_day(activity.at) and activity.at > now
    return replace(activity, at=now) if is_early else activity


def unbooked_activities(desk: Desk) -> tuple[Activity, ...]:
    """What the broker has and the ledger has not booked, which stays so. Raises BrokerUnavailable."""
    return _read(desk, desk.ledger.books.cursor())[0]


def _read(desk: Desk, cursor: str | None) -> tuple[tuple[Activity, ...], tuple[Activity, ...]]:
    """The activities to book, late ones first, and everything after the cursor that is not booked."""
    books, opening = desk.ledger.books, desk.ledger.openings.opening()

    def is_known(activity_id: str) -> bool:
        return books.has_activity(activity_id) or (opening is not None and activity_id in opening.known)

    new = books.unbooked(desk.broker.activities(cursor))
    late = () if cursor is None else desk.broker.late_activities(cursor, is_known)
    since = tuple(activity for activity in (*late, *new) if opening is None or not opening.covers(activity))
    return _not_told_again(desk, since), new


def unread_notes(desk: Desk) -> tuple[str, ...]:
    """Notes on the rows of the activities that were just read, tell no activity, and are no history of the opening."""
    opening = desk.ledger.openings.opening()
    known = opening.known if opening else ()
    unread = [each for each in desk.broker.unread_activities() if each.row_id not in known]
    notes = tuple(f"unread: {each.why}" for each in unread[:MOST_UNREAD])
    more = len(unread) - len(notes)
    return (*notes, f"unread: {more} more rows of the broker's activities; the log has each") if more else notes


def first_waiting(desk: Desk, symbol: str | None = None) -> UnreadActivity | None:
    """A row of the activities just read that will be an activity, of ``symbol`` if given; None for none."""
    waiting = (each for each in desk.broker.unread_activities() if each.waits)
    return next((each for each in waiting if symbol in (None, CASH, each.symbol) or each.symbol is None), None)


def _not_told_again(desk: Desk, activities: tuple[Activity, ...]) -> tuple[Activity, ...]:
    """The activities without those that tell of what was booked by evidence before."""
    sessions = [activity.session for activity in activities if not isinstance(activity, Fill | FillBust)]
    if not sessions:
        return activities
    history, since = desk.ledger.history, min(sessions) - SAME_ACTION
    booked: tuple[Activity, ...] = (*history.splits(since), *history.cash_events(since))
    booked += history.reorganisations(since)
    return tuple(activity for activity in activities if not is_told_again(activity, booked))


def _may_be_booked_again(desk: Desk, activities: Iterable[Activity], fills: Iterable[Fill]) -> set[str]:
    """The symbols of busted fills, of events that may come late, and of fills from before events that are booked."""
    symbols: set[str] = set()
    new = {fill.fill_id: fill for fill in fills}
    for activity in activities:
        if isinstance(activity, FillBust):
            busted = new.get(activity.fill_id) or desk.ledger.books.fill(activity.fill_id)
            symbols |= set() if busted is None else {busted.symbol}
        elif isinstance(activity, SplitEvent | Reorganisation):
            symbols |= set(symbols_of(activity)) if activity.effective_at else set()
    if new:
        since, history = min(fill.session for fill in new.values()), desk.ledger.history
        events: tuple[SplitEvent | Reorganisation, ...] = (*history.splits(since), *history.reorganisations(since))
        for event in events:
            at, changed = event.effective_at, symbols_of(event)
            symbols |= {fill.symbol for fill in new.values() if at and fill.at < at and fill.symbol in changed}
    return symbols


def owners_in(desk: Desk, histories: Mapping[str, SymbolHistory]) -> dict[str, Owner]:
    """The owners of the fills in histories, by client_order_id."""
    booked = (done.activity for history in histories.values() for done in history.activities)
    return {each.client_order_id: _owner(desk, each) for each in booked if isinstance(each, Fill)}


def _owner(desk: Desk, fill: Fill) -> Owner:
    """The owner of a fill: an intent, a bracket's entry, an emergency stop, or nobody (foreign)."""
    orders = desk.ledger.orders
    intent = orders.get(fill.client_order_id)
    if intent is not None:
        return Owner(intent.strategy, intent, intent.purpose, intent.reason)
    parent = orders.get(fill.parent_client_order_id) if fill.parent_client_order_id else None
    if parent is not None:
        return Owner(parent.strategy, parent, Purpose.STOP, "")
    decision = desk.ownership.decision(fill.client_order_id, fill.broker_order_id)
    if decision is None or not decision.purpose.reduces:
        return FOREIGN_OWNER
    holder = next((lot.strategy for lot in ours_among(desk.ledger.books.lots(fill.symbol))), decision.strategy)
    return Owner(holder, None, decision.purpose, "emergency stop" if decision.purpose is Purpose.CLOSE else "")


def _owners(desk: Desk, fills: Iterable[Fill]) -> Mapping[str, Owner]:
    """The owners of fills by client_order_id.

    An entry that fills in a later session than its decision's gets the bracket prices that rest at the broker, because
    a split may have moved them. The stored intent stays as decided.
    """
    owners = {fill.client_order_id: _owner(desk, fill) for fill in fills}
    late = {fill.client_order_id for fill in fills if _is_late(owners[fill.client_order_id], fill)}
    shown = desk.broker.orders(sorted(late)) if late else {}
    return owners | {each: _with_resting_bracket(owners[each], shown.get(each)) for each in late}


def _is_late(owner: Owner, fill: Fill) -> bool:
    return owner.intent is not None and owner.purpose is Purpose.ENTRY and fill.session > owner.intent.session


def _with_resting_bracket(owner: Owner, order: BrokerOrder | None) -> Owner:
    intent = owner.intent
    assert intent is not None, "only an entry of ours is late"
    legs = {leg.role: leg for leg in order.legs} if order else {}
    stop, target = legs.get(Purpose.STOP), legs.get(Purpose.TARGET)
    request = replace(
        intent.request,
        stop_loss=stop.stop_price if stop else intent.request.stop_loss,
        take_profit=target.limit_price if target else intent.request.take_profit,
    )
    return replace(owner, intent=replace(intent, request=request))


def _revive_abandoned(desk: Desk, owners: Iterable[Owner]) -> None:
    """Apply the broker's state to abandoned intents whose orders arrived after all and filled: their legs are ours."""
    intents = (owner.intent for owner in owners if owner.intent is not None)
    abandoned = {intent.client_order_id: intent for intent in intents if intent.state is OrderState.ABANDONED}
    shown = desk.broker.orders(sorted(abandoned)) if abandoned else {}
    for each, order in sorted(shown.items()):
        if order.state is OrderState.FILLED:
            apply_broker_state(desk, abandoned[each], order)


def _corrected_intents(desk: Desk, bookings: Iterable[Booking]) -> list[Intent]:
    """The terminal intents whose filled shares a late fill or a bust changes, with the corrected figures."""
    new: dict[str, list[Fill]] = {}
    busted: dict[str, set[str]] = {}
    for booking in bookings:
        if isinstance(booking.activity, Fill):
            new.setdefault(booking.activity.client_order_id, []).append(booking.activity)
        elif booking.busted is not None:
            busted.setdefault(booking.busted.client_order_id, set()).add(booking.busted.fill_id)
    corrected: dict[str, tuple[Intent, list[Fill]]] = {}
    for order_id in sorted(new.keys() | busted.keys()):
        intent = desk.ledger.orders.get(order_id)
        if intent is None or not intent.state.terminal:
            continue
        fills = [*desk.ledger.books.fills_of_order(order_id), *new.get(order_id, ())]
        valid = [fill for fill in fills if fill.fill_id not in busted.get(order_id, ())]
        if order_id in busted or sum((fill.quantity for fill in valid), ZERO) != intent.filled_quantity:
            corrected[order_id] = intent, valid
    shown = desk.broker.orders(corrected) if corrected else {}
    return [_with_fills(intent, valid, shown.get(each)) for each, (intent, valid) in corrected.items()]


def _with_fills(intent: Intent, fills: list[Fill], order: BrokerOrder | None) -> Intent:
    """A terminal intent with the sums of ``fills``, in the broker's state where the intent may take it."""
    state = order.state if order is not None and may_move(intent.state, order.state) else intent.state
    shares: Decimal = sum((fill.quantity for fill in fills), ZERO)
    paid = sum((fill.quantity * fill.price for fill in fills), ZERO)
    average = paid / shares if shares else ZERO
    return replace(intent, state=state, filled_quantity=shares, average_fill_price=average)


def _correct(desk: Desk, intent: Intent) -> None:
    desk.ledger.orders.move(
        intent.client_order_id,
        intent.state,
        desk.clock.now(),
        filled_quantity=intent.filled_quantity,
        average_fill_price=intent.average_fill_price,
        note="what was filled of it changed after it was over",
    )


def _note_of(booking: Booking) -> str:
    """The note on a foreign fill, a bust or a reorganisation; "" for any other activity."""
    match booking.activity:
        case Reorganisation() as event:
            return text_of(event)
        case Fill() as fill if booking.strategy == FOREIGN:
            return f"foreign: {fill.side} {fill.quantity} {fill.symbol} @ {fill.price} was not sent by us"
        case FillBust() as bust:
            was = booking.busted
            what = f"{was.side} {was.quantity} {was.symbol} @ {was.price}" if was else "one that is not in the ledger"
            return f"busted: the exchange took back the fill {bust.fill_id}, {what}"
    return ""
