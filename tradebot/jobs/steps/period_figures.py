"""Gathers the figures of a report's period that the ledger has, whether the period is over or lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from tradebot.core.accounting.buy_and_hold import buy_and_hold
from tradebot.core.accounting.fill_sums import fill_sums
from tradebot.core.accounting.months import month_lines
from tradebot.core.accounting.trading_cost import CostLine, trading_cost
from tradebot.core.model.account import CorporateAction
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.opening import Opening
from tradebot.core.model.values import CENT, ZERO, plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.period_lines import DrillLine, Turnover, limit_lines
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period, Span
from tradebot.home import drills
from tradebot.jobs.steps.equity_bridge import BridgeEnds, equity_bridge
from tradebot.ledger.database import AccountLedger
from tradebot.ledger.round_trip_rows import PeriodTrades
from tradebot.settings import Settings

Closes: TypeAlias = Callable[[Iterable[str], date], Mapping[str, Decimal]]
Actions: TypeAlias = Callable[[Iterable[str], date], Iterable[CorporateAction]]


@dataclass(frozen=True, slots=True)
class PeriodPrices:
    """The prices that a report compares an account with."""

    benchmark: Callable[[date, date], Sequence[tuple[date, float]]]  # S&P 500 from one session to another
    closes: Closes  # of a session, unadjusted, USD a share
    actions: Actions  # with an ex-date from a day on
    more_at: str = ""  # the broker that may have what is missing here, and is not asked; "" for none


def no_prices() -> PeriodPrices:
    """The prices of a period that is over where nothing is stored."""
    return PeriodPrices(lambda first, last: (), lambda symbols, session: {}, lambda symbols, first: ())


#: The best and the worst trades that are listed.
LISTED = 5
#: The newest trades and fills that a report lists: a million of them are figures, and no list to read.
NEWEST = 1000


def with_figures(
    ledger: AccountLedger,
    settings: Settings,
    base: Outcome,
    span: Span,
    prices: PeriodPrices,
    ends: BridgeEnds | None,
    run_id: int = 0,
    *,
    listed: int | None,
) -> ReportOutcome:
    """The report's outcome without what only the broker knows: positions, account and protection now.

    ends: of the bridge, whose rows are read together with those of the other figures.
    run_id: of the run that makes it.
    listed: how many of the newest trades and fills are listed; None: all.
    """
    first, last = span.first, span.last
    history, period = ledger.history, ledger.period
    passed = ends.passed if ends is not None else None
    trades = history.period_trades(first, last, listed, LISTED, passed.closures if passed else iter)
    closed = trades.figures
    opening = ledger.openings.opening()
    if opening is not None and not (first or opening.session) <= opening.session <= last:
        opening = None
    closes = history.closing_equity(first, last)
    before = _base(ledger, first, opening)
    equity = (before, *closes) if before else closes
    cash_events = history.cash_events(first, last) if passed is None else history.cash_moved(*passed.ends)
    fills = fill_sums(period.executions(first, last, passed.ends if passed else None))
    if passed is not None:
        passed.fills = fills
    cost = trading_cost(fills)
    since = first or (equity[0].session if equity else None)
    headline = f"{span.text}report, {since or last} to {last}: {plural(closed.totals.trades, 'round trip')}"
    return ReportOutcome.of(
        replace(base, headline=headline, totals=closed.totals, notes=(*base.notes, *_left_out(trades))),
        period=span.period,
        first=since,
        last=last,
        equity=equity,
        opening=opening,
        benchmark=_benchmark(prices, equity),
        trades=trades.newest,
        by_strategy=closed.by_strategy,
        by_symbol=closed.by_symbol,
        best_trades=trades.best,
        worst_trades=trades.worst,
        months=month_lines(_equity_before(before, closes), closes, cash_events, closed.by_month),
        bridge=equity_bridge(ledger, ends, passed),
        turnover=_turnover(cost.total, closes),
        cost=cost,
        limits_used=limit_lines(ledger.limits_used.between(first, last)),
        sessions_without_limits=period.sessions_without_limits(first, last),
        halts_in_period=period.halts(first, last),
        breaks_in_period=period.breaks(first, last),
        drills=_drills(settings, span),
        jobs=period.jobs(first, last, run_id),
        cash_events=cash_events,
        denial_counts=ledger.decisions.denial_counts(first, last),
        period_fills=history.newest_fills(first, last, listed),
    )


def _left_out(trades: PeriodTrades) -> tuple[str, ...]:
    whole, listed = trades.figures.totals.trades, len(trades.newest)
    return (f"of {whole} trades the newest {listed} are listed; --csv writes all",) if listed < whole else ()


def _base(ledger: AccountLedger, first: date | None, opening: Opening | None) -> EquityPoint | None:
    """The base of the first return: the last closing point before the period, or the opening's."""
    books = ledger.books
    return books.first_of_session(opening.session) if opening else books.previous_close(first) if first else None


def _equity_before(before: EquityPoint | None, closes: Sequence[EquityPoint]) -> Decimal:
    if before is not None:
        return before.equity
    return closes[0].last_equity if closes else ZERO


def _benchmark(prices: PeriodPrices, equity: Sequence[EquityPoint]) -> Mapping[date, float]:
    if not equity:
        return {}
    by_session = dict(prices.benchmark(equity[0].session, equity[-1].session))
    return {point.session: by_session[point.session] for point in equity if point.session in by_session}


def holds(outcome: ReportOutcome, symbols: Iterable[str], prices: PeriodPrices) -> dict[str, Decimal]:
    """The return of each symbol, bought at the first close of the period's curve and held to the last.

    A day and a period of one close have none.
    """
    if outcome.period is Period.DAY or len(outcome.equity) < 2:
        return {}
    first, last = outcome.equity[0].session, outcome.equity[-1].session
    wanted = sorted(set(symbols))
    if first == last or not wanted:
        return {}
    actions = (each for each in prices.actions(wanted, first) if each.ex_date <= last)
    return buy_and_hold(prices.closes(wanted, first), prices.closes(wanted, last), actions, first)


def not_compared(outcome: ReportOutcome, symbols: Iterable[str], prices: PeriodPrices) -> tuple[str, ...]:
    """What cannot stand beside the figures for want of prices, and why. Nothing does beside a day."""
    if outcome.period is Period.DAY or len(outcome.equity) < 2:
        return ()
    first, last = outcome.equity[0].session, outcome.equity[-1].session
    lacking = sorted(set(symbols) - outcome.buy_and_hold.keys()) if first != last else []
    known, sessions = len(outcome.benchmark), len(outcome.equity)
    found = []
    if known < sessions:
        found.append(f"the close of the S&P 500 is stored for {known or 'none'} of the {plural(sessions, 'session')}")
    if lacking:
        names = ", ".join(lacking)
        found.append(f"buy and hold is without {names}: no prices, or no splits, are stored of {first} and {last}")
    if found and prices.more_at:
        found.append(f"a report up to today asks {prices.more_at} for them: `tradebot report --from {first}`")
    return tuple(found)


def _turnover(traded: CostLine, closes: Sequence[EquityPoint]) -> Turnover | None:
    if not closes:
        return None
    mean = (sum((point.equity for point in closes), ZERO) / len(closes)).quantize(CENT)
    sold = traded.value - traded.bought
    ratio = (min(traded.bought, sold) / mean).quantize(Decimal("0.0001")) if mean > 0 else None
    return Turnover(traded.bought, sold, mean, ratio)


def _drills(settings: Settings, span: Span) -> tuple[DrillLine, ...]:
    """The drills of the period by the machine's date; all of them for a report on everything."""
    return tuple(
        DrillLine(each.at, each.passed, each.to_latch, each.to_first_cancel, each.to_flat)
        for each in drills.all_drills(settings.home)
        if span.period is Period.ALL or (span.first or date.min) <= new_york_date(each.at) <= span.last
    )
