"""Explains the change of the account's equity over a period by what the ledger has booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.accounting.bridge import Booked, Bridge, Holdings, Moment, bridge
from tradebot.core.model.account import AccountSnapshot, CashKind, Position
from tradebot.core.model.ledger_rows import SessionClose
from tradebot.core.model.opening import CLOCK_TOLERANCE, Opening
from tradebot.core.model.values import ZERO
from tradebot.jobs.desk import Desk
from tradebot.ledger.database import AccountLedger
from tradebot.ledger.movements import PassedRows
from tradebot.ports import Calendar


@dataclass(frozen=True, slots=True)
class BridgeEnds:
    """Where a bridge begins and ends."""

    start: Moment
    end: Moment
    opening: Opening | None = None  # of the account, where the bridge begins with that
    otherwise: Moment | None = None  # where it begins if shares were held at ``start``: nobody stored their prices

    @property
    def passed(self) -> PassedRows:
        """The sums, still empty, of the rows that the bridge needs."""
        since = self.start.at - CLOCK_TOLERANCE if self.opening else self.start.at
        return PassedRows(since, self.end.at)


def bridge_ends(
    ledger: AccountLedger, calendar: Calendar, first: date | None, last: date, live: Moment | None = None
) -> BridgeEnds | None:
    """The ends of the sessions from ``first`` to ``last``; None where no equity is known at both ends.

    first: None begins with the account.
    live: the account as the broker shows it, for a period that still goes on. A stored close of ``last`` comes first.
    """
    end = _end(ledger, last, live)
    ends = _ends(ledger, calendar, first, end) if end is not None else None
    return ends if ends is not None and ends.start.at < ends.end.at else None


def equity_bridge(ledger: AccountLedger, ends: BridgeEnds | None, passed: PassedRows | None = None) -> Bridge | None:
    """The bridge between two ends; None without them.

    passed: of the ends, when all rows have passed by; None reads them.
    """
    found = _with_rows(ledger, ends, passed) if ends is not None else None
    if found is None:
        return None
    held, booked = found
    return bridge(held.start, held.end, booked)


def equity_between(
    ledger: AccountLedger, calendar: Calendar, since: datetime, until: datetime
) -> tuple[Moment | None, Moment | None, Decimal]:
    """The newest known equity before ``since`` and until ``until``, and the deposits less withdrawals between, USD.

    An account that begins within that time begins as a report on it does. None: no equity is known.
    """
    before = _newest_at(ledger, since - timedelta(microseconds=1))
    end = _newest_at(ledger, until)
    if end is None:
        return None, None, ZERO
    ends = BridgeEnds(before, end) if before is not None else _ends(ledger, calendar, None, end)
    found = _with_rows(ledger, ends) if ends is not None and ends.start.at < end.at else None
    if found is None:
        return before or end, end, ZERO
    held, booked = found
    moved = sum((booked.moved.cash.get(kind, ZERO) for kind in CashKind if kind.is_external), ZERO)
    start = held.start if held.opening is None else replace(held.start, is_close=False)
    return start, end, moved


def _with_rows(
    ledger: AccountLedger, ends: BridgeEnds, passed: PassedRows | None = None
) -> tuple[BridgeEnds, Booked] | None:
    """The ends at which prices are known, and what is booked between them; None where nothing lies between those."""
    start, end = ends.start, ends.end
    since, until = (passed or ends.passed).ends
    booked = ledger.movements.between(since, until, start.prices, end.prices, passed)
    if ends.opening is not None:
        booked = replace(booked, before=_stated(ends.opening))  # rows from right before it are told after it
    elif ends.otherwise is not None and booked.before.shares:
        return _with_rows(ledger, BridgeEnds(ends.otherwise, end)) if ends.otherwise.at < end.at else None
    return ends, booked


def _stated(opening: Opening) -> Holdings:
    """What the ledger begins with."""
    cost = sum((held.quantity * held.average_price for held in opening.positions), ZERO)
    return Holdings(opening.cash, {held.symbol: held.quantity for held in opening.positions}, cost)


def _ends(ledger: AccountLedger, calendar: Calendar, first: date | None, end: Moment) -> BridgeEnds | None:
    opening = ledger.openings.opening()
    if opening is not None and (first is None or first <= opening.session):
        prices = {held.symbol: held.market_price for held in opening.positions}
        return BridgeEnds(Moment(opening.at, opening.equity, prices, is_close=True), end, opening)
    if first is not None and (moment := _newest(ledger, first - timedelta(days=1))) is not None:
        return BridgeEnds(moment, end)
    point = ledger.books.first_point()
    if point is None or (first is not None and point.session < first):
        return None
    before = calendar.previous(point.session)
    start = Moment(before.closes, point.last_equity, {}, is_close=True)
    return BridgeEnds(start, end, otherwise=_newest(ledger, point.session))


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


def _newest_at(ledger: AccountLedger, at: datetime) -> Moment | None:
    """The newest known equity at an instant: a close, else a look after the newest close's session."""
    close, point = ledger.closes.newest_at(at), ledger.history.equity_at(at)
    if close is not None and (point is None or close.session >= point.session):
        return _of_close(close)
    return None if point is None else Moment(point.at, point.equity, {}, is_close=False)


def _of_close(close: SessionClose) -> Moment:
    return Moment(close.at, close.equity, close.prices, is_close=True)


def live_moment(desk: Desk, account: AccountSnapshot, positions: Iterable[Position]) -> Moment:
    """The account as the broker shows it now."""
    prices = {position.symbol: position.market_price for position in positions}
    return Moment(desk.clock.now(), account.equity, prices, is_close=False)
