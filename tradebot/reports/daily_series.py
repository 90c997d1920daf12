"""What a report draws: series by session and by month, computed from its equity curve.

Conventions are those of ``statistics``: daily time-weighted returns; a deposit or withdrawal is no return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import prod

from tradebot.core.accounting import equity_statistics as formulas
from tradebot.core.accounting.cash_flows import flows_by_session
from tradebot.core.model.account import CashEvent
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.values import ZERO
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.statistics import Curve, Step, daily_returns

#: Sessions of a rolling ratio: half a year.
ROLLING_SESSIONS = 126


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month, and the compounded return of its sessions as a fraction."""

    year: int
    month: int
    value: float


def equity(curve: Curve) -> tuple[tuple[date, Decimal], ...]:
    """The closing equity in USD by session, from the base on where its session is known."""
    base = [(curve.base_session, curve.base)] if curve.base_session else []
    return (*base, *((point.session, point.equity) for point in curve.points))


def same_money_in_index(
    curve: Curve, cash_events: Iterable[CashEvent], closes: Mapping[date, float]
) -> tuple[tuple[date, float | None], ...]:
    """The same money in an index, USD by session: paid in and out as the account's was, without costs or dividends.

    ``closes``: the closes of the index by session. It begins with the account's equity at the first session with a
    close. None where the session has no close.
    """
    flows = flows_by_session(curve.points, cash_events)
    series: list[tuple[date, float | None]] = []
    worth, close_before, before = 0.0, 0.0, None
    for session, own in equity(curve):
        close = closes.get(session)
        if not close:
            series.append((session, None))
            continue
        if before is None:
            worth = float(own)
        else:
            moved = sum((flow for day, flow in flows.items() if before < day <= session), ZERO)
            worth = (worth + float(moved)) * close / close_before
        close_before, before = close, session
        series.append((session, worth))
    return tuple(series)


def drawdowns(steps: Iterable[Step]) -> tuple[tuple[date, float], ...]:
    """How far the compounded curve stands below its peak so far at each close: 0 or a negative fraction."""
    value = peak = 1.0
    series = []
    for step in steps:
        value *= 1 + step.account
        peak = max(peak, value)
        series.append((step.session, value / peak - 1))
    return tuple(series)


def monthly_returns(steps: Iterable[Step]) -> tuple[Month, ...]:
    """The compounded return of each month that has a session, in order."""
    months: dict[tuple[int, int], list[float]] = {}
    for step in steps:
        months.setdefault((step.session.year, step.session.month), []).append(1 + step.account)
    return tuple(Month(year, month, prod(factors) - 1) for (year, month), factors in months.items())


def returns_by_month(report: ReportOutcome) -> dict[date, float]:
    """The compounded return of each month of a report as a fraction, by its first day; none without an equity curve."""
    curve = Curve.of(report)
    if curve is None:
        return {}
    steps = daily_returns(curve, report.cash_events, report.benchmark)
    return {date(each.year, each.month, 1): each.value for each in monthly_returns(steps)}


def yearly_returns(months: Iterable[Month]) -> dict[int, float]:
    """The compounded return of the months of each year."""
    factors: dict[int, float] = {}
    for month in months:
        factors[month.year] = factors.get(month.year, 1.0) * (1 + month.value)
    return {year: factor - 1 for year, factor in factors.items()}


def rolling_sharpe(steps: Sequence[Step]) -> tuple[tuple[date, float | None], ...]:
    """The Sharpe ratio of the last ROLLING_SESSIONS returns, from the first session that has as many."""
    daily = [step.account for step in steps]
    return tuple(
        (steps[end - 1].session, formulas.sharpe_ratio(daily[end - ROLLING_SESSIONS : end]))
        for end in range(ROLLING_SESSIONS, len(steps) + 1)
    )


def exposures(points: Iterable[EquityPoint]) -> tuple[tuple[date, float | None], ...]:
    """(Longs + shorts) / equity at each close; None without equity."""
    return tuple(
        (point.session, float((point.long_value + abs(point.short_value)) / point.equity) if point.equity > 0 else None)
        for point in points
    )
