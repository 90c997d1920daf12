"""report: the figures of a day, a week, a month or the whole ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from tradebot.core.accounting.performance import Totals, totals
from tradebot.core.model.holdings import Trade
from tradebot.core.model.ledger_rows import EquityPoint, RunStatus
from tradebot.core.model.opening import Opening
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.bare_lines import bare_lines
from tradebot.core.results.position_lines import position_lines
from tradebot.core.results.report_outcome import Period, ReportOutcome
from tradebot.core.safety.stop_coverage import unprotected_dollars
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, read_account, record
from tradebot.jobs.steps.bare_time import told_periods
from tradebot.jobs.steps.stop_gaps import look_for_gaps


def run(desk: Desk, period: Period) -> ReportOutcome:
    """Report on the period that ends with the newest session that has begun. Raises BrokerUnavailable."""
    run = open_run(desk, Job.REPORT)
    market = run.market
    if market.today and market.previous and market.now < market.today.opens:
        run.session = market.previous.session
    return record(desk, run, lambda: _report(desk, run, period))


def _period_start(period: Period, last: date) -> date | None:
    """The first calendar day of the period that ends on ``last``; None for all."""
    match period:
        case Period.DAY:
            return last
        case Period.WEEK:
            return last - timedelta(days=last.weekday())
        case Period.MONTH:
            return last.replace(day=1)
        case Period.ALL:
            return None


def _report(desk: Desk, run: JobRun, period: Period) -> ReportOutcome:
    last = run.session
    first = _period_start(period, last) if last else None
    records = desk.ledger.history
    trades = records.trades(first, last)
    opening = desk.ledger.openings.opening()
    if opening is not None and not (first or opening.session) <= opening.session <= last:
        opening = None
    equity = _with_base(desk, first, opening, records.closing_equity(first, last))
    read_account(desk, run)
    positions = desk.broker.positions()
    holdings = desk.ledger.books.holdings()
    quotes = desk.market.quotes(p.symbol for p in positions)
    open_orders = desk.broker.open_orders()
    open_gaps = look_for_gaps(desk, holdings, positions, open_orders, quotes)
    run.breaks = desk.ledger.halts_and_breaks.breaks()
    span = f"{first or (equity[0].session if equity else last)} to {last}"
    base = run.outcome(RunStatus.RAN, f"{period} report, {span}: {plural(len(trades), 'round trip')}", totals(trades))
    return ReportOutcome.of(
        replace(base, unprotected=unprotected_dollars(open_gaps)),
        period=period,
        first=first or (equity[0].session if equity else None),
        last=last,
        equity=equity,
        opening=opening,
        benchmark=_benchmark(desk, equity),
        trades=trades,
        by_strategy=_by_strategy(trades),
        positions=position_lines(positions, holdings, open_gaps),
        bare=bare_lines(told_periods(desk, run.session, open_gaps, open_orders, (first, last)), desk.clock.now()),
        cash_events=records.cash_events(first, last),
        denial_counts=desk.ledger.decisions.denial_counts(first, last),
        period_fills=records.fills(first, last),
    )


def _with_base(
    desk: Desk, first: date | None, opening: Opening | None, equity: tuple[EquityPoint, ...]
) -> tuple[EquityPoint, ...]:
    """The closing points, led by the base of their first return: the last one before the period, or the opening's."""
    books = desk.ledger.books
    base = books.first_of_session(opening.session) if opening else books.previous_close(first) if first else None
    return (base, *equity) if base else equity


def _benchmark(desk: Desk, equity: tuple[EquityPoint, ...]) -> Mapping[date, float]:
    if not equity:
        return {}
    by_session = dict(desk.market.benchmark(equity[0].session, equity[-1].session))
    return {point.session: by_session[point.session] for point in equity if point.session in by_session}


def _by_strategy(trades: Iterable[Trade]) -> dict[str, Totals]:
    grouped: dict[str, list[Trade]] = {}
    for trade in trades:
        grouped.setdefault(trade.strategy, []).append(trade)
    return {strategy: totals(group) for strategy, group in sorted(grouped.items())}
