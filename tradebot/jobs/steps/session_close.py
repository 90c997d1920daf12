"""Stores the account at the close of a session: equity and closing prices, which later jobs can no longer ask for.

After the close of a session its equity is what cash and positions come to at the closing prices, without what moved
since the close. In the next session it is the broker's own closing equity; where cash of an earlier date was booked
after the close, nobody knows whether that figure has it, and it is made of cash and positions as well. A price after
hours is never part of any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.account import AccountSnapshot, ActionKind, Position, SessionHours
from tradebot.core.model.exchange_time import is_end_of_day
from tradebot.core.model.ledger_rows import CloseSource, SessionClose
from tradebot.core.model.values import CENT, ZERO, to_cents
from tradebot.errors import BrokerUnavailable
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.ledger.database import AccountLedger


def record_close(
    desk: Desk, run: JobRun, account: AccountSnapshot, positions: Iterable[Position], *, has_booked: bool = True
) -> None:
    """Store the newest close that the account was known at, unless it is stored.

    account, positions: just read. A close whose prices are not all known after it is stored in the next session.
    has_booked: whether the run has booked the newest activities. Where the broker shows cash or shares that the ledger
    does not have, a run that has not leaves the close to one that has; and after the close any run leaves it to the
    next session, because nobody knows whether that moved since the close.
    """
    look = _Look(account, {position.symbol: position for position in positions})
    today = run.market.today
    if today is None:
        return
    is_over = run.market_at(desk.clock.now()).now >= today.closes
    hours = today if is_over else desk.calendar.previous(today.session)
    if not _is_missing(desk, hours) or not ((has_booked and not is_over) or _knows_all(desk.ledger, look)):
        return
    if is_over:
        _store_at_prices(desk, hours, look)
    elif account.last_equity_of is None or account.last_equity_of >= hours.session:  # at night it is of the one before
        _in_the_next_session(desk, hours, look)


@dataclass(frozen=True, slots=True)
class _Look:
    """The account as the broker shows it."""

    account: AccountSnapshot
    positions: Mapping[str, Position]  # by symbol

    @property
    def shares(self) -> Mapping[str, Decimal]:
        return {symbol: position.quantity for symbol, position in self.positions.items()}


def _knows_all(ledger: AccountLedger, look: _Look) -> bool:
    """Whether the ledger has the cash and the shares that the broker shows."""
    cash = ledger.books.cash()
    return cash is not None and abs(cash - look.account.cash) <= CENT and _shares_now(ledger) == look.shares


def _shares_now(ledger: AccountLedger) -> Mapping[str, Decimal]:
    """The shares that the ledger has, by symbol."""
    shares: dict[str, Decimal] = {}
    for lot in ledger.books.lots():
        shares[lot.symbol] = shares.get(lot.symbol, ZERO) + lot.quantity
    return {symbol: count for symbol, count in shares.items() if count}


def _store_at_prices(desk: Desk, hours: SessionHours, look: _Look) -> bool:
    """Store what cash and shares came to at the closing prices, and whether every price was known. Else it is left."""
    since = desk.ledger.movements.since(hours.closes)
    there, moved = look.shares, since.moved.shares
    shares = {symbol: there.get(symbol, ZERO) - moved.get(symbol, ZERO) for symbol in there.keys() | moved.keys()}
    shares = {symbol: count for symbol, count in shares.items() if count}
    symbols = shares.keys() | since.before.shares.keys() | since.before.fill_prices.keys()
    prices = _closing_prices(desk, hours, symbols)
    if not shares.keys() <= prices.keys():
        return False
    values, cash = _values(shares, prices), look.account.cash - since.moved.cash_moved
    busted = desk.ledger.movements.at(hours.closes, prices).busted
    _store(desk, hours, to_cents(cash + sum(values, ZERO) + busted), cash, values, CloseSource.PRICES, prices)
    return True


def _in_the_next_session(desk: Desk, hours: SessionHours, look: _Look) -> None:
    dated = desk.ledger.history.cash_events(hours.session, hours.session)
    if any(is_end_of_day(event.at) for event in dated) and _store_at_prices(desk, hours, look):
        return
    since, there = desk.ledger.movements.since(hours.closes), look.shares
    held, moved = since.before, since.moved.shares
    by_broker = {
        symbol: position.previous_close
        for symbol, position in look.positions.items()
        if position.previous_close is not None and symbol not in moved and position.quantity == held.shares.get(symbol)
    }  # nothing came or went, so that no split lies between
    symbols = held.shares.keys() | there.keys()  # fills of the session before may be told late
    prices = {**_closing_prices(desk, hours, symbols - by_broker.keys()), **by_broker}
    for old, position in _renamed_since(desk, hours, look).items():
        if old not in prices and position.previous_close is not None:
            prices[old] = position.previous_close
    values = _values(held.shares, prices)
    _store(desk, hours, look.account.last_equity, held.cash, values, CloseSource.BROKER, prices)


def _renamed_since(desk: Desk, hours: SessionHours, look: _Look) -> Mapping[str, Position]:
    """The positions that have another name since a close, by the name that they had then."""
    events = desk.ledger.history.reorganisations(hours.session)
    renamed = [each for each in events if each.kind is ActionKind.NAME_CHANGE and each.at > hours.closes]
    found = {event.symbol: look.positions.get(event.new_symbol or "") for event in renamed}
    return {symbol: position for symbol, position in found.items() if position is not None}


def _is_missing(desk: Desk, hours: SessionHours) -> bool:
    """Whether a close is not stored that lies after the account's first equity point."""
    newest = desk.ledger.books.previous_close(desk.calendar.following(hours.session).session)
    opening = desk.ledger.openings.opening()
    if newest is None or (opening is not None and opening.at >= hours.closes):
        return False
    return desk.ledger.closes.of_session(hours.session) is None


def _closing_prices(desk: Desk, hours: SessionHours, symbols: Iterable[str]) -> Mapping[str, Decimal]:
    with suppress(BrokerUnavailable):  # the report says which prices are missing
        return desk.market.closes(symbols, hours.session)
    return {}


def _values(shares: Mapping[str, Decimal], prices: Mapping[str, Decimal]) -> list[Decimal]:
    return [count * prices[symbol] for symbol, count in shares.items() if symbol in prices]


def _store(
    desk: Desk,
    hours: SessionHours,
    equity: Decimal,
    cash: Decimal,
    values: list[Decimal],
    source: CloseSource,
    prices: Mapping[str, Decimal],
) -> None:
    desk.ledger.closes.store(
        SessionClose(
            session=hours.session,
            at=hours.closes,
            equity=equity,
            cash=cash,
            long_value=sum((value for value in values if value > 0), ZERO),
            short_value=sum((value for value in values if value < 0), ZERO),
            source=source,
            prices=dict(sorted(prices.items())),
        )
    )
