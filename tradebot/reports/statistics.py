"""The textbook statistics of an equity curve, each with the convention it follows.

They are computed by ``core.accounting.equity_statistics`` from daily time-weighted returns. A deposit or withdrawal
counts from the start of its session and is no return; dividends, interest and fees are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradebot.core.accounting import equity_statistics as formulas
from tradebot.core.model.account import CashEvent
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.values import ZERO
from tradebot.core.results.report_outcome import ReportOutcome

#: A sample deviation needs two returns.
LEAST_RETURNS = 2
#: A ratio or a regression of fewer points than a month of sessions says nothing.
A_MONTH = 20
#: What is shorter than a year is not annualised (GIPS Standards 2020, provision 4.A.4).
A_YEAR = formulas.SESSIONS_A_YEAR


@dataclass(frozen=True, slots=True)
class Figure:
    """One statistic. ``value`` is a fraction when ``is_share``, a plain number otherwise; None with too little data."""

    key: str
    label: str
    value: float | None
    is_share: bool
    convention: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Closing points of a period, and the equity in USD before them that the first return is measured from.

    ``base_session`` is None when that equity is the broker's word on the close before the account's first point.
    """

    base: Decimal
    base_session: date | None
    points: tuple[EquityPoint, ...]

    @classmethod
    def of(cls, report: ReportOutcome) -> Curve | None:
        """The curve of a report; None when no closing equity was recorded."""
        if not report.equity:
            return None
        head, *rest = report.equity
        if report.first is not None and head.session < report.first:
            return cls(head.equity, head.session, tuple(rest))
        return cls(head.last_equity, None, report.equity)


@dataclass(frozen=True, slots=True)
class Step:
    """The time-weighted return of one session, a fraction, and the S&P 500's over the same step where it is known."""

    session: date
    account: float
    index: float | None


def daily_returns(curve: Curve, cash_events: Iterable[CashEvent], benchmark: Mapping[date, float]) -> tuple[Step, ...]:
    """One step a closing point; a step that starts without capital has no return and is left out."""
    flows = _external_flows(cash_events)
    steps = []
    equity, session = curve.base, curve.base_session
    for point in curve.points:
        capital = equity + _between(flows, session, point.session)
        if capital > 0:
            index = _growth(benchmark.get(session) if session else None, benchmark.get(point.session))
            steps.append(Step(point.session, float(point.equity / capital) - 1, index))
        equity, session = point.equity, point.session
    return tuple(steps)


def statistics(report: ReportOutcome) -> tuple[Figure, ...]:
    """Every figure of a report's curve; none when no closing equity was recorded."""
    curve = Curve.of(report)
    if curve is None:
        return ()
    steps = daily_returns(curve, report.cash_events, report.benchmark)
    return (*_of_the_account(curve, steps), *_against_the_index(steps))


def by_key(figures: Iterable[Figure]) -> dict[str, Figure]:
    """Figures under their keys, as machines look them up."""
    return {figure.key: figure for figure in figures}


def _of_the_account(curve: Curve, steps: Sequence[Step]) -> tuple[Figure, ...]:
    daily = [step.account for step in steps]
    enough, month, year = (len(daily) >= least for least in (LEAST_RETURNS, A_MONTH, A_YEAR))
    return (
        _share("total_return", "total return", formulas.total_return(daily),
               "daily time-weighted returns compounded; deposits and withdrawals are no return"),
        _share("cagr", "CAGR", formulas.annual_return(daily) if year else None,
               "total return per 252 sessions; from 252 sessions on"),
        _share("annual_volatility", "annual volatility", formulas.annual_volatility(daily),
               "sample deviation of daily returns x sqrt(252)"),
        _ratio("sharpe", "Sharpe", formulas.sharpe_ratio(daily) if month else None,
               "mean / sample deviation of daily returns x sqrt(252), risk-free 0; from 20 sessions on"),
        _ratio("sortino", "Sortino", formulas.sortino_ratio(daily) if month else None,
               "annual mean / annual root mean square of the returns below 0; from 20 sessions on"),
        _share("max_drawdown", "maximum drawdown", formulas.max_drawdown(daily) if enough else None,
               "deepest fall of the compounded closing curve from its peak so far"),
        _ratio("calmar", "Calmar", formulas.calmar_ratio(daily) if year else None,
               "CAGR / maximum drawdown; from 252 sessions on"),
        _share("exposure", "exposure", _exposure(curve.points), "mean of (longs + shorts) / equity at the closes"),
        _share("time_in_market", "time in the market", _time_in_market(curve.points),
               "closes with any position / all closes"),
    )  # fmt: skip


def _against_the_index(steps: Sequence[Step]) -> tuple[Figure, ...]:
    known = [(step.account, step.index) for step in steps if step.index is not None]
    own, index = [mine for mine, _ in known], [theirs for _, theirs in known]
    gapless = len(known) >= len(steps) - 1  # the account's very first step has no index close before it
    month, year = len(known) >= A_MONTH, len(known) >= A_YEAR
    return (
        _share("benchmark_return", "S&P 500", formulas.total_return(index) if gapless else None,
               "price index over the same sessions from the first close on, without dividends"),
        _ratio("beta", "beta", formulas.beta(own, index) if month else None,
               "covariance / variance of daily returns against the S&P 500; from 20 sessions on"),
        _share("alpha", "alpha", formulas.alpha(own, index) if year else None,
               "(1 + mean of daily return - beta x S&P 500's)^252 - 1, risk-free 0; from 252 sessions on"),
    )  # fmt: skip


def _external_flows(cash_events: Iterable[CashEvent]) -> dict[date, Decimal]:
    flows: dict[date, Decimal] = {}
    for event in cash_events:
        if event.kind.is_external:
            flows[event.session] = flows.get(event.session, ZERO) + event.amount
    return flows


def _between(flows: Mapping[date, Decimal], after: date | None, until: date) -> Decimal:
    """What flowed after one session up to another; in that one alone when nothing came before it."""
    return sum((flow for day, flow in flows.items() if (after < day <= until if after else day == until)), ZERO)


def _growth(before: float | None, after: float | None) -> float | None:
    return after / before - 1 if before and after else None


def _exposure(points: Sequence[EquityPoint]) -> float | None:
    shares = [float((p.long_value + abs(p.short_value)) / p.equity) for p in points if p.equity > 0]
    return sum(shares) / len(shares) if shares else None


def _time_in_market(points: Sequence[EquityPoint]) -> float | None:
    return sum(1 for p in points if p.long_value or p.short_value) / len(points) if points else None


def _share(key: str, label: str, value: float | None, convention: str) -> Figure:
    return Figure(key, label, value, True, convention)


def _ratio(key: str, label: str, value: float | None, convention: str) -> Figure:
    return Figure(key, label, value, False, convention)
