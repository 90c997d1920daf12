"""Taking in what the broker did: fills, busts, cash and splits, each booked once, for whoever they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from tradebot.core.accounting.booking import NOBODY, Owner, bookings_for
from tradebot.core.model.account import Activity, Fill, FillBust, id_of
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Booking, SymbolHistory
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, Purpose, may_move
from tradebot.core.model.ownership import ours_among
from tradebot.core.model.values import ZERO
from tradebot.jobs.desk import Desk
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.submit import apply_broker_state


def book_new_activities(desk: Desk) -> StepResult:
    """Book the broker's activities since the newest booked one. A busted fill raises an alert."""
    bookings = book_activities(desk)
    notes = [note for booking in bookings if (note := _note_of(booking))]
    for booking in bookings:
        if isinstance(booking.activity, FillBust):
            desk.alerts.send("warning", "a fill was busted", _note_of(booking))
    fills = (booking.activity for booking in bookings if isinstance(booking.activity, Fill))
    return StepResult(fills=tuple(fills), notes=tuple(notes))


def book_activities(desk: Desk) -> tuple[Booking, ...]:
    """Book the broker's activities since the last look, each once, and say what each did."""
    books = desk.ledger.books
    cursor = books.cursor()
    news = books.unbooked(desk.broker.activities(cursor))
    late = () if cursor is None else desk.broker.late_activities(cursor, books.knows)
    activities = (*late, *news)
    if not activities:
        return ()
    fills = tuple(activity for activity in activities if isinstance(activity, Fill))
    past = _history_of_busts(desk, activities, fills)
    before = (done.activity for each in past.values() for done in each.done)
    earlier = [activity for activity in before if isinstance(activity, Fill)]
    owners = {fill.client_order_id: _owner(desk, fill) for fill in earlier}
    owners |= _as_they_rest(desk, fills)
    _welcome_back(desk, owners.values())
    bookings = bookings_for(activities, books.lots(), books.holdings(), owners, desk.settings.limits(), past)
    corrected = _orders_after(desk, bookings)
    with desk.ledger.transaction():
        books.book(bookings, desk.clock.now(), cursor=id_of(news[-1]) if news else cursor)
        for intent in corrected:
            _correct(desk, intent)
    return bookings


def _history_of_busts(desk: Desk, activities: Iterable[Activity], fills: Iterable[Fill]) -> Mapping[str, SymbolHistory]:
    """The past of every symbol of which a fill is busted, new or old; a fill that nobody knows has none."""
    arriving = {fill.fill_id: fill for fill in fills}
    busted = [activity.fill_id for activity in activities if isinstance(activity, FillBust)]
    known = [arriving.get(fill_id) or desk.ledger.books.fill(fill_id) for fill_id in busted]
    return {symbol: desk.ledger.books.past(symbol) for symbol in {fill.symbol for fill in known if fill is not None}}


def _owner(desk: Desk, fill: Fill) -> Owner:
    """Whose fill it is: of an intent, of a bracket's leg, of an emergency stop, or foreign."""
    orders = desk.ledger.orders
    intent = orders.get(fill.client_order_id)
    if intent is not None:
        return Owner(intent.strategy, intent, intent.purpose, intent.reason)
    parent = orders.get(fill.parent_client_order_id) if fill.parent_client_order_id else None
    if parent is not None:
        return Owner(parent.strategy, parent, Purpose.STOP, "")
    made = desk.ownership.decision(fill.client_order_id, fill.broker_order_id)
    if made is None or not made.purpose.reduces:
        return NOBODY
    holder = next((lot.strategy for lot in ours_among(desk.ledger.books.lots(fill.symbol))), made.strategy)
    return Owner(holder, None, made.purpose, "emergency stop" if made.purpose is Purpose.CLOSE else "")


def _as_they_rest(desk: Desk, fills: Iterable[Fill]) -> Mapping[str, Owner]:
    """Whose fills these are. An entry that fills after the session of its decision has its bracket where it rests: a
    split may have moved it. The intent that is written down stays as it was decided.
    """
    owners = {fill.client_order_id: _owner(desk, fill) for fill in fills}
    late = {fill.client_order_id for fill in fills if _is_late(owners[fill.client_order_id], fill)}
    shown = desk.broker.orders(sorted(late)) if late else {}
    return {each: _as_it_rests(owner, shown.get(each)) if each in late else owner for each, owner in owners.items()}


def _is_late(owner: Owner, fill: Fill) -> bool:
    return owner.intent is not None and owner.purpose is Purpose.ENTRY and fill.session > owner.intent.session


def _as_it_rests(owner: Owner, order: BrokerOrder | None) -> Owner:
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


def _welcome_back(desk: Desk, owners: Iterable[Owner]) -> None:
    """Adopt orders that were given up as never having arrived, and turn out filled: their legs are ours too."""
    intents = (owner.intent for owner in owners if owner.intent is not None)
    given_up = {intent.client_order_id: intent for intent in intents if intent.state is OrderState.ABANDONED}
    shown = desk.broker.orders(sorted(given_up)) if given_up else {}
    for each, order in sorted(shown.items()):
        if order.state is OrderState.FILLED:
            apply_broker_state(desk, given_up[each], order)


def _orders_after(desk: Desk, bookings: Iterable[Booking]) -> list[Intent]:
    """The intents that were over, and of which a late fill or a bust changes what was filled, as they are after it."""
    changes: dict[str, list[Fill]] = {}
    busted: dict[str, set[str]] = {}
    for booking in bookings:
        if isinstance(booking.activity, Fill):
            changes.setdefault(booking.activity.client_order_id, []).append(booking.activity)
        elif booking.busted is not None:
            busted.setdefault(booking.busted.client_order_id, set()).add(booking.busted.fill_id)
    corrected: dict[str, tuple[Intent, list[Fill]]] = {}
    for order_id in sorted(changes.keys() | busted.keys()):
        intent = desk.ledger.orders.get(order_id)
        if intent is None or not intent.state.terminal:
            continue
        fills = [*desk.ledger.books.filled(order_id), *changes.get(order_id, ())]
        stand = [fill for fill in fills if fill.fill_id not in busted.get(order_id, ())]
        if order_id in busted or sum((fill.quantity for fill in stand), ZERO) != intent.filled_quantity:
            corrected[order_id] = intent, stand
    shown = desk.broker.orders(corrected) if corrected else {}
    return [_with_fills(intent, stand, shown.get(each)) for each, (intent, stand) in corrected.items()]


def _with_fills(intent: Intent, fills: list[Fill], order: BrokerOrder | None) -> Intent:
    """An intent that was over, with what its fills come to; the broker says what state that leaves it in."""
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
    """The note on an activity that nothing here asked for; "" for any other."""
    match booking.activity:
        case Fill() as fill if booking.strategy == FOREIGN:
            return f"foreign: {fill.side} {fill.quantity} {fill.symbol} @ {fill.price} was not sent by us"
        case FillBust() as bust:
            was = booking.busted
            what = f"{was.side} {was.quantity} {was.symbol} @ {was.price}" if was else "one that is not in the ledger"
            return f"busted: the exchange took back the fill {bust.fill_id}, {what}"
    return ""
