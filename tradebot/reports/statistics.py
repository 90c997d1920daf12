"""The statistics of an equity curve, each with its convention.

They are computed by ``core.accounting.equity_statistics`` from daily time-weighted returns. A deposit or withdrawal
counts from the start of the session whose close shows it first, and is no return. Dividends, interest and fees are part
of the return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradebot.core.accounting import equity_statistics as formulas
from tradebot.core.accounting.cash_flows import flows_by_session
from tradebot.core.model.account import CashEvent
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.values import ZERO
from tradebot.core.results.report_outcome import ReportOutcome

#: The fewest returns for a drawdown.
MIN_RETURNS = 2
#: The fewest returns for a ratio or a regression: a month of sessions. Fewer give noise.
MONTH_SESSIONS = 20
#: The fewest returns for an annualised figure: a year (GIPS Standards 2020, provision 4.A.4).
YEAR_SESSIONS = formulas.SESSIONS_A_YEAR


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic of a period."""

    key: str  # its name in JSON
    label: str  # its name on a page
    value: float | None  # None: too little data
    is_share: bool  # whether the value is a fraction and shown as a percentage
    convention: str  # formula and least number of sessions


@dataclass(frozen=True, slots=True)
class Curve:
    """The closing equity of each session of a period, and the equity before it."""

    base: Decimal  # USD; the first return is measured from it
    base_session: date | None  # None: the opening, or the broker's close before the account's first point
    points: tuple[EquityPoint, ...]  # by session

    @classmethod
    def of(cls, report: ReportOutcome) -> Curve | None:
        """The curve of a report; None if no closing equity was recorded."""
        if not report.equity:
            return None
        head, *rest = report.equity
        if report.opening is not None:
            return cls(head.equity, None, tuple(rest))
        if report.first is not None and head.session < report.first:
            return cls(head.equity, head.session, tuple(rest))
        return cls(head.last_equity, None, report.equity)


@dataclass(frozen=True, slots=True)
class Step:
    """The returns of a session, as fractions."""

    session: date
    account: float  # time-weighted
    index: float | None  # of the S&P 500 since the same close; None: unknown


def daily_returns(curve: Curve, cash_events: Iterable[CashEvent], benchmark: Mapping[date, float]) -> tuple[Step, ...]:
    """The returns of each session. A session that starts without capital has no return and is left out.

    ``benchmark``: the closes of the S&P 500 by session.
    """
    flows = flows_by_session(curve.points, cash_events)
    steps = []
    equity, session = curve.base, curve.base_session
    for point in curve.points:
        capital = equity + flows.get(point.session, ZERO)
        if capital > 0:
            index = _return_between(benchmark.get(session) if session else None, benchmark.get(point.session))
            steps.append(Step(point.session, float(point.equity / capital) - 1, index))
        equity, session = point.equity, point.session
    return tuple(steps)


def statistics(report: ReportOutcome) -> tuple[Figure, ...]:
    """The figures of a report's equity curve; empty if no closing equity was recorded."""
    curve = Curve.of(report)
    if curve is None:
        return ()
    steps = daily_returns(curve, report.cash_events, report.benchmark)
    return (*_account_figures(curve, steps), *_index_figures(steps), _buy_and_hold(report.buy_and_hold))


def by_key(figures: Iterable[Figure]) -> dict[str, Figure]:
    """The figures by key."""
    return {figure.key: figure for figure in figures}


def _account_figures(curve: Curve, steps: Sequence[Step]) -> tuple[Figure, ...]:
    daily = [step.account for step in steps]
    enough, month, year = (len(daily) >= least for least in (MIN_RETURNS, MONTH_SESSIONS, YEAR_SESSIONS))
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


def _index_figures(steps: Sequence[Step]) -> tuple[Figure, ...]:
    known = [(step.account, step.index) for step in steps if step.index is not None]
    own, index = [step for step, _ in known], [step for _, step in known]
    gapless = len(known) >= len(steps) - 1  # the account's first session has no index close before it
    month, year = len(known) >= MONTH_SESSIONS, len(known) >= YEAR_SESSIONS
    return (
        _share("benchmark_return", "S&P 500 without dividends", formulas.total_return(index) if gapless else None,
               "price index over the same sessions from the first close on"),
        _ratio("beta", "beta", formulas.beta(own, index) if month else None,
               "covariance / variance of daily returns against the S&P 500; from 20 sessions on"),
        _share("alpha", "alpha", formulas.alpha(own, index) if year else None,
               "(1 + mean of daily return - beta x S&P 500's)^252 - 1, risk-free 0; from 252 sessions on"),
    )  # fmt: skip


def _buy_and_hold(returns: Mapping[str, Decimal]) -> Figure:
    mean = float(sum(returns.values(), ZERO) / len(returns)) if returns else None
    many = f"the {len(returns)} symbols" if len(returns) > 1 else "the symbols"
    convention = f"equal dollars in {many} of the strategies, traded or not, from the first close on, with dividends"
    return _share("buy_and_hold_return", "buy and hold", mean, convention)


def _return_between(before: float | None, after: float | None) -> float | None:
    return after / before - 1 if before and after else None


def _exposure(points: Sequence[EquityPoint]) -> float | None:
    fractions = [float((p.long_value + abs(p.short_value)) / p.equity) for p in points if p.equity > 0]
    return sum(fractions) / len(fractions) if fractions else None


def _time_in_market(points: Sequence[EquityPoint]) -> float | None:
    return sum(1 for p in points if p.long_value or p.short_value) / len(points) if points else None


def _share(key: str, label: str, value: float | None, convention: str) -> Figure:
    return Figure(key, label, value, True, convention)


def _ratio(key: str, label: str, value: float | None, convention: str) -> Figure:
    return Figure(key, label, value, False, convention)
