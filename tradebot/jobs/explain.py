"""explain: what happened to symbols, and why, from the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.day_line import room_beside
from tradebot.core.results.explain_day import explain_all, explain_symbol
from tradebot.core.results.explain_outcome import ExplainOutcome, SymbolDay
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import UsageError
from tradebot.jobs.holding_age import with_age
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.steps.day_records import read_day


def run(desk: LedgerDesk, symbol: str, day: date | None = None) -> ExplainOutcome:
    """The five answers for a symbol in a session; None for the newest. Raises UsageError for no session."""
    session = _session(desk, day)
    lead = f"{symbol} on {session}"
    told = explain_symbol(symbol, read_day(desk, session, symbol), room_beside(len(lead)))
    return _outcome(desk, symbol, session, f"{lead}: {told.line}", [told])


def story(desk: LedgerDesk, day: date | None = None) -> ExplainOutcome:
    """A line for each symbol of a session, the most important first. Raises UsageError for no session."""
    session = _session(desk, day)
    told = explain_all(read_day(desk, session))
    order = ", the most important first" if len(told) > 1 else ""
    return _outcome(desk, "", session, f"{session}: {plural(len(told), 'symbol')}{order}", told)


def span(desk: LedgerDesk, symbol: str, first: date | None, last: date | None) -> ExplainOutcome:
    """The sessions between two (both included; None: no bound) in which something was decided about a symbol."""
    decided = desk.ledger.decisions.between(symbol, first, last)
    closed = (each.exit_session for each in desk.ledger.history.closures(first, last) if each.symbol == symbol)
    sessions = sorted({*(row.session for row in decided), *closed})
    room = room_beside(len(date.min.isoformat()))
    told = [explain_symbol(symbol, read_day(desk, session, symbol), room) for session in sessions]
    headline = f"{symbol}: {plural(len(told), 'session')} in which something was decided about it"
    outcome = _outcome(desk, symbol, desk.session_at(desk.now).session, headline, told)
    return replace(outcome, is_span=True)


def _session(desk: LedgerDesk, day: date | None) -> date:
    newest = desk.session_at(desk.now).session
    if day is None:
        return newest
    if day > newest:
        raise UsageError(f"--date {day} is not over or not there yet: the newest session is {newest}.")
    if desk.calendar.hours(day) is None:
        before = desk.calendar.previous(day).session
        raise UsageError(f"--date {day} is no session of the exchange. The one before it is {before}.")
    return day


def _outcome(desk: LedgerDesk, symbol: str, session: date, headline: str, told: Iterable[SymbolDay]) -> ExplainOutcome:
    days = tuple(told)
    ledger = desk.ledger
    decisions = [
        row
        for each in sorted({day.session for day in days})
        for row in ledger.decisions.between(symbol or None, each, each)
    ]
    base = Outcome(Job.EXPLAIN, session, RunStatus.RAN, headline)
    held = (holding for holding in ledger.books.holdings() if symbol in ("", holding.symbol))
    aged = with_age(held, desk.calendar, session)
    return ExplainOutcome.of(base, symbol=symbol, days=days, decisions=tuple(decisions), holdings=aged)
