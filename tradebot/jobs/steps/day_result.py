"""Explains the equity of a look: what of it is gain or loss, and what is money that came or went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tradebot.core.accounting.day_result import DayLook, DayRecords, ExplainedEquity, explain
from tradebot.core.model.account import AccountSnapshot, Position, Quote
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, read_account


def explain_equity(
    desk: Desk,
    run: JobRun,
    account: AccountSnapshot,
    positions: tuple[Position, ...],
    quotes: Mapping[str, Quote],
    moved: Iterable[str] = (),
) -> ExplainedEquity:
    """The explained equity of an account that was just read, by what the ledger has booked so far.

    quotes: of every position, holding and symbol of ``traded_today``.
    moved: what changed while the account was read.
    """
    in_doubt = any(intent.state.in_doubt for intent in desk.ledger.orders.unsettled())
    look = DayLook(account, positions, quotes, settled=not in_doubt and not any(moved))
    return explain(look, _records(desk, run, account))


def read_explained(desk: Desk, run: JobRun) -> tuple[AccountSnapshot, ExplainedEquity]:
    """Read account and positions, and explain the equity by what is booked. Raises BrokerUnavailable.

    Quotes that cannot be read leave it to the prices of the positions.
    """
    account, positions = read_account(desk, run), desk.broker.positions()
    held = {position.symbol for position in positions} | {lot.symbol for lot in desk.ledger.books.lots()}
    quotes: Mapping[str, Quote] = {}
    with suppress(BrokerUnavailable):
        quotes = desk.market.quotes(held | traded_today(desk, run))
    return account, explain_equity(desk, run, account, positions, quotes)


def traded_today(desk: Desk, run: JobRun) -> frozenset[str]:
    """The symbols of the session's fills: their previous closes are part of the day's result."""
    return frozenset(fill.symbol for fill in desk.ledger.day.fills(run.session))


def _opening_prices(desk: Desk, session: date) -> Mapping[str, Decimal] | None:
    """The prices of the account's opening, where that was made in this session."""
    opening = desk.ledger.openings.opening()
    if opening is None or opening.session != session:
        return None
    return {position.symbol: position.market_price for position in opening.positions}


def _records(desk: Desk, run: JobRun, account: AccountSnapshot) -> DayRecords:
    books, day, session = desk.ledger.books, desk.ledger.day, run.session
    records = DayRecords(
        session=session,
        previous_close=desk.calendar.previous(session).closes,
        baseline=account.last_equity,
        cash=books.cash(),
        lots=books.lots(),
        fills=day.fills(session),
        cash_events=day.cash_events(session),
        flow_since_first_look=ZERO,
        split=day.split(session),
        opening=_opening_prices(desk, session),
        reorganised=day.is_reorganised(session),
    )
    first = books.first_of_session(session)
    if first is None:
        return records
    flow = day.flow_booked_after(session, first.at)
    return replace(records, baseline=first.last_equity, flow_since_first_look=flow)
