"""Follows corporate actions that no activity tells of, by what is announced and by the ids of assets.

Nothing is asked where the ledger explains every position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

from tradebot.core.accounting.booking import bookings_for
from tradebot.core.accounting.corporate_actions import SAME_ACTION, Evidence, found_by_evidence, has_other_asset
from tradebot.core.accounting.rebooking import symbols_of
from tradebot.core.accounting.reorganisations import text_of
from tradebot.core.model.account import (
    ActionKind,
    Activity,
    CashEvent,
    CorporateAction,
    Position,
    Reorganisation,
    SplitEvent,
    id_of,
)
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.holdings import Lot, shares_by_symbol
from tradebot.core.model.orders import Purpose
from tradebot.core.model.ownership import ours_among
from tradebot.core.model.signals import Action, Signal
from tradebot.core.model.values import ZERO, canonical, dollars, plural
from tradebot.errors import BrokerUnavailable, OrderRefused
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountState, StepResult, noted
from tradebot.jobs.steps.activities import owners_in
from tradebot.jobs.steps.look import SECOND_LOOK_AFTER, Look, read_look

#: How long ago an action may have been that explains the positions of today.
LOOKED_BACK = timedelta(days=90)


def follow_corporate_actions(desk: Desk, run: JobRun, look: Look) -> StepResult:
    """Book what explains the positions of a look that differs from the ledger. A holding ends only by two looks.

    Raises BrokerUnavailable when the second look fails.
    """
    lots, asset_ids = desk.ledger.books.lots(), desk.ledger.books.asset_ids()
    _remember_assets(desk, lots, look.positions, asset_ids)
    differing = _differing(desk, lots, look.positions, asset_ids)
    if not differing:
        return StepResult()
    announced, notes = _announced(desk, run, lots, differing)
    found = found_by_evidence(_evidence(desk, run, look, announced, differing))
    if any(isinstance(event, Reorganisation) and event.new_symbol is None for event in found):
        desk.clock.sleep(SECOND_LOOK_AFTER.total_seconds())
        again = found_by_evidence(_evidence(desk, run, read_look(desk, run), announced, differing))
        found = found if _ids_of(again) == _ids_of(found) else ()
    _book(desk, found)
    texts = [_text(event) for event in found]
    for event, text in zip(found, texts, strict=True):
        if isinstance(event, Reorganisation):
            desk.alerts.send("warning", f"{event.symbol} was reorganised", text)
    return notes.after(noted(*texts))


def _book(desk: Desk, found: tuple[Activity, ...]) -> None:
    """Book events from their ex-dates on, before what was traded since."""
    books = desk.ledger.books
    events = (event for event in found if isinstance(event, SplitEvent | Reorganisation))
    histories = books.histories({symbol for event in events for symbol in symbols_of(event)})
    owners = owners_in(desk, histories)
    bookings = bookings_for(found, books.lots(), books.holdings(), owners, desk.settings.limits(), histories)
    books.book(bookings, desk.clock.now())


def renamed_symbols(desk: Desk) -> dict[str, str]:
    """The reason by symbol that takes no entries, because its shares have another name or are gone."""
    reasons: dict[str, str] = {}
    for event in desk.ledger.history.reorganisations():
        reasons.pop(event.new_symbol or "", None)
        if event.kind is not ActionKind.SPIN_OFF:
            reasons[event.symbol] = text_of(event)
    return reasons


def with_new_symbols(desk: Desk, signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """The signals, exits of renamed holdings under the symbol of today: a strategy may know the old one only."""
    signals = tuple(signals)
    leaving = {(signal.strategy, signal.symbol) for signal in signals if signal.action is Action.EXIT}
    names = _new_names(desk) if leaving else {}
    held = {(holding.strategy, holding.symbol) for holding in desk.ledger.books.holdings()} if names else set()
    renamed = []
    for signal in signals:
        new = names.get(signal.symbol, signal.symbol)
        follows = signal.action is Action.EXIT and (signal.strategy, new) in held - leaving
        renamed.append(replace(signal, symbol=new) if follows else signal)
    return tuple(renamed)


def _new_names(desk: Desk) -> dict[str, str]:
    """The symbol of today by each symbol that another one has taken the place of."""
    names: dict[str, str] = {}
    for event in desk.ledger.history.reorganisations():
        if event.new_symbol is not None and event.kind is not ActionKind.SPIN_OFF:
            names = {old: event.new_symbol if new == event.symbol else new for old, new in names.items()}
            names[event.symbol] = event.new_symbol
    return names


def cancel_orders_without_shares(desk: Desk, state: AccountState) -> StepResult:
    """Cancel our orders that rest under a symbol that another one has taken the place of, and our stops over nothing.

    The first could block the stop under the new symbol, the second could sell short or sell foreign shares.
    """
    names, lots = _new_names(desk), desk.ledger.books.lots()
    ours = {lot.symbol for lot in ours_among(lots)}
    foreign = {lot.symbol for lot in lots} - ours
    shown = {position.symbol for position in state.positions if position.quantity}
    notes = []
    for order in state.open_orders:
        made = desk.ownership.decision_of(order) if order.symbol not in ours and order.state.live else None
        over_nothing = made is not None and made.purpose is Purpose.STOP and order.symbol not in shown - foreign
        if made is not None and (order.symbol in names or over_nothing):
            with suppress(OrderRefused):  # it ended by itself
                desk.broker.cancel(order.broker_order_id)
            notes.append(
                f"{order.symbol}: its {made.purpose} was cancelled, for no shares of ours have this symbol now"
            )
    return noted(*notes)


def _differing(
    desk: Desk, lots: Iterable[Lot], positions: Iterable[Position], asset_ids: Mapping[str, str]
) -> set[str]:
    """The held and lately traded symbols of which the broker shows other shares than the ledger, or another company's.

    Where something is held, every other symbol of which it shows shares as well: it may be a new name.
    """
    here = shares_by_symbol(lots)
    there = {position.symbol: position.quantity for position in positions}
    differing = {each for each in here.keys() | there.keys() if here.get(each, ZERO) != there.get(each, ZERO)}
    differing |= {position.symbol for position in positions if has_other_asset(position, asset_ids)}
    return differing if here else differing & _traded_lately(desk).keys()


def _traded_lately(desk: Desk) -> dict[str, date]:
    """The session of the first fill in the days looked back by symbol."""
    fills = desk.ledger.history.fills(_today(desk) - LOOKED_BACK)
    return {fill.symbol: fill.session for fill in sorted(fills, key=lambda fill: fill.session, reverse=True)}


def _remember_assets(
    desk: Desk, lots: Iterable[Lot], positions: Iterable[Position], asset_ids: Mapping[str, str]
) -> None:
    """Store the asset ids of the held symbols, and forget those of others: another company may take them."""
    here, ids = shares_by_symbol(lots), dict[str, str]()
    for position in positions:
        if position.asset_id is not None and here.get(position.symbol) == position.quantity:
            ids[position.symbol] = position.asset_id
    ids |= {symbol: asset_id for symbol, asset_id in asset_ids.items() if symbol in here}
    if ids != dict(asset_ids):
        desk.ledger.books.keep_asset_ids(ids, desk.clock.now())


def _announced(
    desk: Desk, run: JobRun, lots: Iterable[Lot], differing: set[str]
) -> tuple[tuple[CorporateAction, ...], StepResult]:
    began = [(lot.symbol, lot.session) for lot in lots]
    began += [(symbol, session) for symbol, session in _traded_lately(desk).items() if symbol in differing]
    if not began:
        return (), StepResult()
    first = max(min(session for _, session in began), _today(desk) - LOOKED_BACK)
    try:
        return desk.market.actions_since({symbol for symbol, _ in began}, first, run.market), StepResult()
    except BrokerUnavailable as error:
        return (), noted(f"announced corporate actions cannot be read: {error}")


def _evidence(
    desk: Desk, run: JobRun, look: Look, announced: tuple[CorporateAction, ...], differing: set[str]
) -> Evidence:
    held = {position.symbol for position in look.positions}
    split = {action.symbol for action in announced if action.kind is ActionKind.SPLIT}
    gone = (split & differing) - held
    quotes = desk.market.quotes(gone) if gone else {}
    history, since = desk.ledger.history, _today(desk) - LOOKED_BACK - SAME_ACTION
    here = desk.ledger.books.cash()
    return Evidence(
        lots=desk.ledger.books.lots(),
        positions=look.positions,
        announced=tuple(action for action in announced if action.ex_date <= _today(desk)),
        asset_ids=desk.ledger.books.asset_ids(),
        booked=(*history.splits(since), *history.reorganisations(since)),
        payments=history.cash_events(since),
        cash=ZERO if here is None else look.account.cash - here,
        at=desk.clock.now(),
        session=run.session,
        histories=desk.ledger.books.histories(differing),
        closes={symbol: quote.previous_close or quote.last for symbol, quote in quotes.items()},
    )


def _ids_of(events: Iterable[Activity]) -> set[str]:
    return {id_of(event) for event in events}


def _text(event: Activity) -> str:
    match event:
        case SplitEvent():
            before, after = canonical(event.quantity_before), plural(event.quantity_after, "share")
            return f"{event.symbol}: an announced split made {after} of {before}; no activity tells of it yet"
        case Reorganisation():
            return text_of(event)
        case CashEvent():
            return f"{event.symbol}: {dollars(event.amount)} were paid for it; no activity tells of it yet"
    return ""


def _today(desk: Desk) -> date:
    return new_york_date(desk.clock.now())
