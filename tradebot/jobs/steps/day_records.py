"""Gathers from the ledger what explains the symbols of one session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from tradebot.core.accounting.round_trips import parts_of
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import Intent
from tradebot.core.results.day_records import DayRecords, Owned, SeenStop, SentClose
from tradebot.core.results.listings import FillLine, Selection
from tradebot.core.results.stop_entry import CLOSE_SENT, StopEntry
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.ledger.database import AccountLedger


def read_day(desk: LedgerDesk, session: date, symbol: str | None = None) -> DayRecords:
    """The records of a session; ``symbol`` limits them to one symbol, and adds what explains an earlier purchase."""
    ledger, end = desk.ledger, _end(desk, session)
    owned = tuple(each for each in _owned(ledger, session) if symbol in (None, each.symbol))
    fills = tuple(ledger.listings.fills(Selection(symbol=symbol, first=session, last=session), None))[::-1]
    entries = () if symbol is None else tuple(_earlier(ledger, owned, session))
    intents = {intent.client_order_id: intent for intent in ledger.orders.of_session(session)}
    intents |= _intents(ledger, (fill.client_order_id for fill in (*fills, *entries)))
    since = min((each.since for each in owned), default=session)
    sessions = {
        session,
        *(intents[fill.client_order_id].session for fill in entries if fill.client_order_id in intents),
    }
    periods = ledger.bare_periods.between(None, session)
    actions = _stop_actions(desk, end)
    return DayRecords(
        session=session,
        runs=ledger.runs.of_session(session),
        signals={each: ledger.signals.of_session(each) for each in sorted(sessions)},
        first_recorded=ledger.signals.first_session(),
        traded_by=_traded_by(desk),
        decisions=ledger.decisions.between(symbol, session, session),
        intents=intents,
        fills=fills,
        earlier=entries,
        closures=ledger.history.closures(session, session),
        splits=ledger.history.splits(since, session),
        cash_events=ledger.history.cash_events(since, session),
        reorganisations=ledger.history.reorganisations(since, session),
        owned=owned,
        positions={position.symbol: position for position in ledger.day.positions(session)},
        stops=tuple(SeenStop(order, at) for order, at in ledger.orders.stops_at(end)),
        bare=tuple(each for each in periods if each.began_at < end and (each.ended_at is None or each.ended_at > end)),
        stop_actions=actions,
        closes=tuple(_sent_closes(desk, actions, end)),
    )


def _end(desk: LedgerDesk, session: date) -> datetime:
    """The end of a session: when the next one opens, and of one that is not over a moment after now."""
    return desk.calendar.following(session).opens


def _stop_actions(desk: LedgerDesk, end: datetime) -> tuple[StopEntry, ...]:
    """What emergency stops did before ``end``: what the ledger has taken in, and what still waits in its journals."""
    stored = desk.ledger.history.emergency_stop_actions(end)
    return (*stored, *(each for each in desk.pending_stops if each.at < end and each not in stored))


def _sent_closes(desk: LedgerDesk, actions: Iterable[StopEntry], end: datetime) -> Iterator[SentClose]:
    """The closing orders among the actions, without those that a later look at the account did not show any more."""
    sent = [each for each in actions if each.did == CLOSE_SENT]
    look = desk.ledger.listings.last_open_orders() if sent else None
    looked_at, ids = look if look and look[0] < end else (None, frozenset[str]())
    resting = {order.client_order_id for order in desk.ledger.listings.orders_with(ids)}
    for each in sent:
        if looked_at is None or each.at >= looked_at or each.order_id in resting:
            before = desk.session_at(each.at)
            yield SentClose(each, None if each.at < before.closes else desk.calendar.following(before.session).opens)


def _owned(ledger: AccountLedger, session: date) -> Iterator[Owned]:
    """What each strategy held at the end of a session: lots that are open, and those that were closed later."""
    held: dict[tuple[str, str], list[tuple[date, str]]] = {}
    for lot in ledger.books.lots():
        if lot.session <= session:
            held.setdefault((lot.strategy, lot.symbol), []).append((lot.session, lot.entry_client_order_id))
    for closure in ledger.history.closures(session):
        if closure.entry_session <= session < closure.exit_session:
            fill = ledger.books.fill(parts_of(closure.trade_id)[0])
            entry_id = fill.client_order_id if fill else ""
            held.setdefault((closure.strategy, closure.symbol), []).append((closure.entry_session, entry_id))
    for (strategy, symbol), entries in held.items():
        ids = dict.fromkeys(entry_id for _, entry_id in sorted(entries) if entry_id)
        yield Owned(strategy, symbol, min(entries)[0], tuple(ids))


def _earlier(ledger: AccountLedger, owned: Iterable[Owned], session: date) -> Iterator[FillLine]:
    """The fills before a session of the entries of what is held at its end."""
    for each in owned:
        for entry_id in each.entry_ids:
            fills = (fill for fill in ledger.books.fills_of_order(entry_id) if fill.session < session)
            yield from (_line(fill, each.strategy) for fill in fills)


def _line(fill: Fill, strategy: str) -> FillLine:
    return FillLine(
        at=fill.at,
        session=fill.session,
        symbol=fill.symbol,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        planned_price=None,
        fee=fill.fee,
        strategy=strategy,
        fill_id=fill.fill_id,
        client_order_id=fill.client_order_id,
    )


def _intents(ledger: AccountLedger, order_ids: Iterable[str]) -> Mapping[str, Intent]:
    found = (ledger.orders.get(order_id) for order_id in dict.fromkeys(order_ids))
    return {intent.client_order_id: intent for intent in found if intent is not None}


def _traded_by(desk: LedgerDesk) -> Mapping[str, tuple[str, ...]]:
    traded: dict[str, tuple[str, ...]] = {}
    for info in desk.strategies.loaded:
        for symbol in info.symbols:
            traded[symbol] = (*traded.get(symbol, ()), info.name)
    return traded
