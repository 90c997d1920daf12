"""What a variant of a sweep came to over a span of sessions: small, and the same wherever it was computed."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from tradebot.backtest.account import BookedFill
from tradebot.backtest.luck import MONTH_SESSIONS, curve_moments, trial_of
from tradebot.backtest.walk import Walk
from tradebot.core.accounting import equity_statistics as formulas
from tradebot.core.accounting.sharpe_significance import ReturnMoments
from tradebot.core.results.sweep_outcome import RunFigures
from tradebot.home.trials import Trial

#: The fewest returns for an annualised figure, as in a report.
YEAR_SESSIONS = formulas.SESSIONS_A_YEAR


@dataclass(frozen=True, slots=True)
class Span:
    """Sessions to walk, ends included. None: from the first, or to the last, that the prices have."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class SpanRun:
    """One run of a variant over a span."""

    curve: array[float]  # USD: the cash to begin with, then the closing equity of each session
    figures: RunFigures
    trial: Trial
    moments: ReturnMoments | None  # of the returns; None if nothing was gained or lost, or all was lost

    @property
    def returns(self) -> array[float]:
        """The daily returns; none for an account that lost everything."""
        return returns_of(self.curve)


def run_result(walk: Walk) -> SpanRun:
    """The result of a walk that is over. Raises ValueError if it has no session."""
    trial = trial_of(walk)
    if trial is None:
        raise ValueError("nothing was walked")
    curve = array("d", [float(walk.setup.cash), *map(float, walk.equity)])
    return SpanRun(curve, _figures(walk, curve), trial, curve_moments(curve))


def returns_of(curve: Sequence[float]) -> array[float]:
    """The daily returns of a curve; none if it was ever at or below 0."""
    found = (after / before - 1 for before, after in pairwise(curve)) if min(curve) > 0 else ()
    return array("d", found)


def curve_figures(returns: Sequence[float]) -> dict[str, float | None]:
    """The statistics of daily returns by name, each None where there are too few."""
    month, year = len(returns) >= MONTH_SESSIONS, len(returns) >= YEAR_SESSIONS
    return {
        "total_return": formulas.total_return(returns),
        "cagr": formulas.annual_return(returns) if year else None,
        "annual_volatility": formulas.annual_volatility(returns) if month else None,
        "sharpe": formulas.sharpe_ratio(returns) if month else None,
        "max_drawdown": formulas.max_drawdown(returns),
        "calmar": formulas.calmar_ratio(returns) if year else None,
    }


def _figures(walk: Walk, curve: Sequence[float]) -> RunFigures:
    exposed = [float(held / equity) for held, equity in zip(walk.invested, walk.equity, strict=False) if equity > 0]
    return RunFigures(
        sessions=len(walk.equity),
        equity=Decimal(walk.equity[-1]),
        mean_exposure=sum(exposed) / len(exposed) if exposed else None,
        fills=sum(isinstance(each, BookedFill) for each in walk.account.booked),
        denial_count=len(walk.denied),
        halt_count=len(walk.halts_met),
        **curve_figures(returns_of(curve)),
    )
