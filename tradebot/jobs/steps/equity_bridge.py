"""Explains the change of the account's equity over a period by what the ledger has booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tradebot.core.accounting.bridge import Booked, Bridge, Holdings, Moment, bridge
from tradebot.core.model.account import AccountSnapshot, Position
from tradebot.core.model.ledger_rows import SessionClose
from tradebot.core.model.opening import CLOCK_TOLERANCE, Opening
from tradebot.core.model.values import ZERO
from tradebot.jobs.desk import Desk
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Calendar


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a bridge begins."""

    moment: Moment
    opening: Opening | None = None  # of the account, where it begins with that


def equity_bridge(
    ledger: AccountLedger, calendar: Calendar, first: date | None, last: date, live: Moment | None = None
) -> Bridge | None:
    """The bridge of the sessions from ``first`` to ``last``; None where no equity is known at both ends.

    first: None begins with the account.
    live: the account as the broker shows it, for a period that still goes on. A stored close of ``last`` comes first.
    """
    start, end = _start(ledger, calendar, first), _end(ledger, last, live)
    if start is None or end is None or end.at <= start.moment.at:
        return None
    return bridge(start.moment, end, _booked(ledger, start, end))


def _booked(ledger: AccountLedger, start: _Start, end: Moment) -> Booked:
    opening, at = start.opening, start.moment.at
    if opening is None:
        return ledger.movements.between(at, end.at, start.moment.prices, end.prices)
    booked = ledger.movements.between(at - CLOCK_TOLERANCE, end.at, start.moment.prices, end.prices)
    return replace(booked, before=_stated(opening))  # rows from right before it are told after it


def _stated(opening: Opening) -> Holdings:
    """What the ledger begins with."""
    cost = sum((held.quantity * held.average_price for held in opening.positions), ZERO)
    return Holdings(opening.cash, {held.symbol: held.quantity for held in opening.positions}, cost)


def _start(ledger: AccountLedger, calendar: Calendar, first: date | None) -> _Start | None:
    opening = ledger.openings.opening()
    if opening is not None and (first is None or first <= opening.session):
        prices = {held.symbol: held.market_price for held in opening.positions}
        return _Start(Moment(opening.at, opening.equity, prices, is_close=True), opening)
    if first is not None and (moment := _newest(ledger, first - timedelta(days=1))) is not None:
        return _Start(moment)
    point = ledger.books.first_point()
    if point is None or (first is not None and point.session < first):
        return None
    before = calendar.previous(point.session)
    if ledger.movements.at(before.closes, {}).shares:  # of a rebuilt ledger: nobody stored what they were worth
        found = _newest(ledger, point.session)
        return None if found is None else _Start(found)
    return _Start(Moment(before.closes, point.last_equity, {}, is_close=True))


def _end(ledger: AccountLedger, last: date, live: Moment | None) -> Moment | None:
    close = ledger.closes.of_session(last)
    if close is not None:
        return _of_close(close)
    return live or _newest(ledger, last)


def _newest(ledger: AccountLedger, until: date) -> Moment | None:
    """The newest known equity of the sessions up to ``until``: a close, else the last look of a session."""
    close = ledger.closes.newest(until)
    point = ledger.books.previous_close(until + timedelta(days=1))
    if close is not None and (point is None or close.session >= point.session):
        return _of_close(close)
    if point is None:
        return None
    return Moment(point.at, point.equity, ledger.books.seen_prices(point.session), is_close=False)


def _of_close(close: SessionClose) -> Moment:
    return Moment(close.at, close.equity, close.prices, is_close=True)


def live_moment(desk: Desk, account: AccountSnapshot, positions: Iterable[Position]) -> Moment:
    """The account as the broker shows it now."""
    prices = {position.symbol: position.market_price for position in positions}
    return Moment(desk.clock.now(), account.equity, prices, is_close=False)
