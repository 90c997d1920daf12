"""Stores the account at the close of a session: equity and closing prices, which later jobs can no longer ask for.

After the close of a session its equity is what cash and positions come to at the closing prices. In the next session it
is the broker's own closing equity. A price after hours is never part of either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal

from tradebot.core.model.account import AccountSnapshot, Position, SessionHours
from tradebot.core.model.ledger_rows import CloseSource, SessionClose
from tradebot.core.model.values import ZERO, to_cents
from tradebot.errors import BrokerUnavailable
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun


def record_close(
    desk: Desk, run: JobRun, account: AccountSnapshot, positions: Iterable[Position], *, has_booked: bool = True
) -> None:
    """Store the newest close that the account was known at, unless it is stored.

    account, positions: just read. A close whose prices are not all known after it is stored in the next session.
    has_booked: whether the run has booked the newest activities. Where the broker shows shares that the ledger does
    not have, a run that has not leaves the close of the session before to one that has.
    """
    positions = tuple(positions)
    today = run.market.today
    if today is not None and run.market_at(desk.clock.now()).now >= today.closes:
        _after_the_close(desk, today, account, positions)
    elif today is not None:
        _in_the_next_session(desk, desk.calendar.previous(today.session), account, positions, has_booked=has_booked)


def _after_the_close(
    desk: Desk, hours: SessionHours, account: AccountSnapshot, positions: tuple[Position, ...]
) -> None:
    if not _is_missing(desk, hours):
        return
    held = desk.ledger.movements.at(hours.closes, {}).shares
    shares = {position.symbol: position.quantity for position in positions}
    prices = _closing_prices(desk, hours, held.keys() | shares.keys())
    if shares.keys() <= prices.keys():
        values = _values(shares, prices)
        equity = to_cents(account.cash + sum(values, ZERO))
        _store(desk, hours, equity, account.cash, values, CloseSource.PRICES, prices)


def _in_the_next_session(
    desk: Desk, hours: SessionHours, account: AccountSnapshot, positions: tuple[Position, ...], *, has_booked: bool
) -> None:
    told = account.last_equity_of
    if not _is_missing(desk, hours) or (told is not None and told < hours.session):  # at night it is of the one before
        return
    held = desk.ledger.movements.at(hours.closes, {})
    shares = {position.symbol: position.quantity for position in positions}
    if not has_booked and shares != held.shares:
        return
    by_broker = {
        position.symbol: position.previous_close
        for position in positions
        if position.previous_close is not None and position.quantity == held.shares.get(position.symbol)
    }  # the shares have not changed, so that no split lies between
    symbols = held.shares.keys() | shares.keys()  # fills of the session before may be told late
    prices = {**_closing_prices(desk, hours, symbols - by_broker.keys()), **by_broker}
    values = _values(held.shares, prices)
    _store(desk, hours, account.last_equity, held.cash, values, CloseSource.BROKER, prices)


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
