"""report: the figures of a period. One that is over needs the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tradebot.core.accounting.bridge import with_unbooked
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO
from tradebot.core.results.activity_text import activity_text
from tradebot.core.results.bare_lines import bare_lines
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.position_lines import PositionLine, position_lines, recorded_lines
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period, Span
from tradebot.core.safety.stop_coverage import unprotected_dollars
from tradebot.errors import BrokerUnavailable, UsageError
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, read_account, record
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.steps.activities import unbooked_activities
from tradebot.jobs.steps.bare_time import told_periods
from tradebot.jobs.steps.equity_bridge import bridge_ends, live_moment
from tradebot.jobs.steps.halts import current_halts
from tradebot.jobs.steps.period_figures import NEWEST, PeriodPrices, holds, not_compared, with_figures
from tradebot.jobs.steps.session_close import record_close
from tradebot.jobs.steps.stop_gaps import look_at_stops
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Calendar, Strategies


def run(
    desk: Desk,
    asked: AskedPeriod,
    *,
    every_row: bool = False,
    closing: Callable[[ReportOutcome], ReportOutcome] | None = None,
) -> ReportOutcome:
    """Report on a period. Raises BrokerUnavailable, and UsageError for a period without a session.

    every_row: list all trades and fills, however many there are.
    closing: is given the outcome before the run ends, and returns that with which it ends.
    """
    run = open_run(desk, Job.REPORT)
    market = run.market
    if market.today and market.previous and market.now < market.today.opens:
        run.session = market.previous.session
    span = _span(asked, run.session, desk.calendar)

    def work() -> ReportOutcome:
        outcome = _report(desk, run, span, every_row=every_row)
        return outcome if closing is None else closing(outcome)

    return record(desk, run, work)


def is_over(desk: LedgerDesk, asked: AskedPeriod) -> bool:
    """Whether the period ended before the newest session. Raises UsageError for a period without a session."""
    newest = desk.session_at(desk.now).session
    return _span(asked, newest, desk.calendar).last < newest


def run_over(desk: LedgerDesk, asked: AskedPeriod, prices: PeriodPrices, *, every_row: bool = False) -> ReportOutcome:
    """Report on a period that is over, by the ledger alone. Raises UsageError for a period without a session.

    ``prices``: those that no broker has to be asked for.
    """
    newest = desk.session_at(desk.now).session
    span = _span(asked, newest, desk.calendar)
    base = Outcome(Job.REPORT, newest, RunStatus.RAN, "")
    ends = bridge_ends(desk.ledger, desk.calendar, span.first, span.last)
    outcome = with_figures(desk.ledger, desk.settings, base, span, prices, ends, listed=None if every_row else NEWEST)
    periods = desk.ledger.bare_periods.between(span.first, span.last)
    within = (each for each in periods if (span.first or each.session) <= each.session <= span.last)
    symbols = _symbols(desk.strategies)
    outcome = replace(outcome, bare=bare_lines(within, desk.now), buy_and_hold=holds(outcome, symbols, prices))
    outcome = replace(outcome, not_compared=not_compared(outcome, symbols, prices))
    return _recorded(outcome, desk.ledger, span)


def recall(desk: LedgerDesk, asked: AskedPeriod, prices: PeriodPrices, *, every_row: bool = False) -> ReportOutcome:
    """Report on any period as the ledger knows it: of one that lasts, up to the newest look of a job.

    No broker is asked and nothing is recorded. Arguments and errors are those of ``run_over``.
    """
    outcome = run_over(desk, asked, prices, every_row=every_row)
    if is_over(desk, asked):
        return outcome
    return replace(outcome, is_over=False, halts=current_halts(desk, new_york_date(desk.now)))


def _report(desk: Desk, run: JobRun, span: Span, *, every_row: bool) -> ReportOutcome:
    account, positions = read_account(desk, run), desk.broker.positions()
    record_close(desk, run, account, positions, has_booked=False)
    holdings = desk.ledger.books.holdings()
    quotes = desk.market.quotes(p.symbol for p in positions)
    open_orders = desk.broker.open_orders()
    stops = look_at_stops(desk, holdings, positions, open_orders, quotes)
    open_gaps = stops.gaps
    run.breaks = desk.ledger.halts_and_breaks.breaks()
    prices = _prices(desk, run)
    base = replace(run.outcome(RunStatus.RAN, ""), unprotected=unprotected_dollars(open_gaps))
    live = live_moment(desk, account, positions) if span.last >= run.session else None
    ends = bridge_ends(desk.ledger, desk.calendar, span.first, span.last, live)
    outcome = with_figures(
        desk.ledger, desk.settings, base, span, prices, ends, run.run_id, listed=None if every_row else NEWEST
    )
    periods = told_periods(desk, run.session, open_gaps, open_orders, (span.first, span.last))
    hold = holds(outcome, _symbols(desk.strategies), prices) if span.period is not Period.DAY else {}
    outcome = replace(outcome, bare=bare_lines(periods, desk.clock.now()), buy_and_hold=hold)
    outcome = _with_unbooked(desk, outcome)
    if span.last < run.session:
        return _recorded(outcome, desk.ledger, span)
    # A report that could look ends with 0, whatever is halted: its codes are those of ``base``.
    outcome = replace(outcome, halts=current_halts(desk, run.session))
    return _with_positions(outcome, position_lines(positions, holdings, open_gaps, stops.losses))


def _with_unbooked(desk: Desk, outcome: ReportOutcome) -> ReportOutcome:
    """The outcome with what is not booked yet beside what is not explained. The broker is asked only for that."""
    explained = outcome.bridge
    if explained is None or not explained.not_explained:
        return outcome
    with suppress(BrokerUnavailable):  # the note that it may be so stays
        named = map(activity_text, unbooked_activities(desk))
        return replace(outcome, bridge=with_unbooked(explained, named))
    return outcome


def _prices(desk: Desk, run: JobRun) -> PeriodPrices:
    """The market's prices. Those of a session that is not over are the newest ones."""

    def closes(symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        found = desk.market.closes(symbols, session)
        missing = set(symbols) - found.keys() if session == run.session else set()
        return {**{symbol: quote.last for symbol, quote in desk.market.quotes(missing).items()}, **found}

    return PeriodPrices(
        benchmark=desk.market.benchmark,
        closes=closes,
        actions=lambda symbols, first: desk.market.actions_since(symbols, first, run.market),
    )


def _symbols(strategies: Strategies) -> frozenset[str]:
    """Every symbol of the strategies, traded or not."""
    return frozenset(symbol for info in strategies.loaded for symbol in info.symbols)


def _recorded(outcome: ReportOutcome, ledger: AccountLedger, span: Span) -> ReportOutcome:
    """The outcome of a period that is over, with the positions as they were last seen in it."""
    seen = ledger.period.positions(span.last)
    outcome = replace(outcome, is_over=True, positions_at=seen.at)
    return outcome if seen.at is None else _with_positions(outcome, recorded_lines(seen.positions, seen.owners))


def _with_positions(outcome: ReportOutcome, lines: tuple[PositionLine, ...]) -> ReportOutcome:
    by_strategy: dict[str, Decimal] = {}
    for line in sorted(lines, key=lambda line: line.strategy):
        by_strategy[line.strategy] = by_strategy.get(line.strategy, ZERO) + line.pnl
    whole = sum(by_strategy.values(), ZERO)
    return replace(outcome, positions=lines, unrealised=whole, unrealised_by_strategy=by_strategy)


def _span(asked: AskedPeriod, newest: date, calendar: Calendar) -> Span:
    """The days of the period, of which the last is a session."""
    span = asked.span(newest, calendar.previous(newest).session)
    if span.first is not None and span.first > newest:
        raise UsageError(f"--from {span.first} is after the newest session, {newest}.")
    sessions = calendar.between(span.first, span.last) if span.first is not None else None
    if sessions == ():
        raise UsageError(f"there is no session of the exchange from {span.first} to {span.last}.")
    hours = calendar.hours(span.last) or calendar.previous(span.last)
    return replace(span, last=hours.session)
