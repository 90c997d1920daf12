"""The statistics of a series of daily returns, in plain floats.

A return is a fraction: 0.01 is a gain of one percent. Annual figures count SESSIONS_A_YEAR sessions for a year and take
the risk-free rate as 0. The conventions are those of empyrical-reloaded (https://github.com/stefan-jansen/empyrical-
reloaded), against which the tests compare each figure to 1e-12. Each function returns None where its figure has no
finite value: too few returns, or a division by zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite, prod, sqrt

#: Sessions that count as a year, as empyrical's DAILY.
SESSIONS_A_YEAR = 252
#: A variance of the benchmark below this counts as zero, as in empyrical: a division by it would be noise.
_SMALLEST_VARIANCE = 1e-30


def total_return(returns: Sequence[float]) -> float | None:
    """The compounded return of the series: the product of all (1 + return), minus 1."""
    return _finite(prod(1 + step for step in returns) - 1) if returns else None


def annual_return(returns: Sequence[float]) -> float | None:
    """The compound annual growth rate: (1 + total return) ^ (252 / number of returns) - 1."""
    total = total_return(returns)
    if total is None or total < -1:  # a negative end value has no real root
        return None
    growth = _power(1 + total, SESSIONS_A_YEAR / len(returns))
    return None if growth is None else growth - 1


def annual_volatility(returns: Sequence[float]) -> float | None:
    """The sample standard deviation (divisor n - 1) of the returns, times sqrt(252)."""
    deviation = _sample_deviation(returns)
    return None if deviation is None else deviation * sqrt(SESSIONS_A_YEAR)


def sharpe_ratio(returns: Sequence[float]) -> float | None:
    """Mean over sample standard deviation, times sqrt(252).

    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), with a risk-free rate of 0.
    """
    deviation = _sample_deviation(returns)
    return _finite(_mean(returns) / deviation * sqrt(SESSIONS_A_YEAR)) if deviation else None


def sortino_ratio(returns: Sequence[float]) -> float | None:
    """Annual mean over annual downside deviation, which is the root mean square of the returns below 0.

    The mean square counts every session, those without a loss as 0 (F. A. Sortino and L. N. Price, "Performance
    Measurement in a Downside Risk Framework", Journal of Investing 3, 1994), with a target return of 0.
    """
    if len(returns) < 2:
        return None
    downside = sqrt(_mean([min(step, 0.0) ** 2 for step in returns]))
    return _finite(_mean(returns) / downside * sqrt(SESSIONS_A_YEAR)) if downside else None


def max_drawdown(returns: Sequence[float]) -> float | None:
    """The deepest fall of the compounded curve from its peak so far, a fraction of that peak: 0 or negative.

    The curve starts at 1 before the first return.
    """
    if not returns:
        return None
    value = peak = 1.0
    deepest = 0.0
    for step in returns:
        value *= 1 + step
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1)
    return _finite(deepest)


def calmar_ratio(returns: Sequence[float]) -> float | None:
    """Annual return over the size of the maximum drawdown, both of the whole series.

    T. W. Young, "Calmar Ratio: A Smoother Tool", Futures, October 1991, takes the last 36 months.
    """
    growth, deepest = annual_return(returns), max_drawdown(returns)
    return _finite(growth / -deepest) if growth is not None and deepest else None


def beta(returns: Sequence[float], benchmark: Sequence[float]) -> float | None:
    """Covariance with the benchmark's returns over their variance; the two series pair by position.

    The slope of the market model (W. F. Sharpe, "Capital Asset Prices", Journal of Finance 19, 1964).
    """
    if len(returns) < 2:
        return None
    own, market = _mean(returns), _mean(benchmark)
    variance = _mean([(step - market) ** 2 for step in benchmark])
    if variance < _SMALLEST_VARIANCE:
        return None
    paired = zip(returns, benchmark, strict=True)
    return _finite(_mean([(mine - own) * (theirs - market) for mine, theirs in paired]) / variance)


def alpha(returns: Sequence[float], benchmark: Sequence[float]) -> float | None:
    """The mean return beyond beta times the benchmark's, compounded over a year: (1 + mean) ^ 252 - 1.

    Jensen's alpha (M. C. Jensen, "The Performance of Mutual Funds in the Period 1945-1964", Journal of Finance 23,
    1968), annualised as empyrical does.
    """
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    excess = _mean([mine - slope * theirs for mine, theirs in zip(returns, benchmark, strict=True)])
    growth = _power(1 + excess, SESSIONS_A_YEAR)
    return None if growth is None else growth - 1


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _sample_deviation(values: Sequence[float]) -> float | None:
    """The sample standard deviation; exactly 0 for equal values, whose mean may differ from them in its last bit."""
    if len(values) < 2:
        return None
    if min(values) == max(values):
        return 0.0
    mean = _mean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _power(base: float, exponent: float) -> float | None:
    try:
        return _finite(base**exponent)
    except OverflowError:
        return None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
