"""How far a Sharpe ratio can be luck: of a short record, of returns that are not normal, of the best of many trials.

Every Sharpe ratio here is one of a session: mean over sample standard deviation of the daily returns, risk-free rate 0.
An annual one is sqrt(252) times that; a variance of annual ones is 252 times that of these. Kurtosis is 3 for normal
returns.

Sources:
PSR, MinTRL: D. H. Bailey and M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012.
DSR: D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
Overfitting, and Non-Normality", Journal of Portfolio Management 40(5), 2014.

They take the sessions as independent. What has no figure is None; input that no returns can give raises ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from math import e, fsum, inf, isfinite, sqrt
from operator import mul
from statistics import NormalDist, variance

#: The Euler-Mascheroni constant.
_EULER = 0.5772156649015329
_NORMAL = NormalDist()
#: Room for rounding in moments that stand at the limit of what a distribution can have.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ReturnMoments:
    """What a record of daily returns says about its Sharpe ratio."""

    sessions: int  # 2 or more
    sharpe: float  # of a session
    skewness: float = 0.0
    kurtosis: float = 3.0  # 3: normal

    def __post_init__(self) -> None:
        if self.sessions < 2:
            raise ValueError(f"a Sharpe ratio needs 2 sessions or more, not {self.sessions}")
        if not (isfinite(self.sharpe) and isfinite(self.skewness) and isfinite(self.kurtosis)):
            raise ValueError("Sharpe ratio, skewness and kurtosis must be finite: leave out records without variance")
        least = 1 + self.skewness**2
        if self.kurtosis < least * (1 - _ROUNDING):
            raise ValueError(
                f"no returns have skewness {self.skewness:g} and kurtosis {self.kurtosis:g}: kurtosis is at least "
                f"{least:g} then; give kurtosis itself, not its excess over 3"
            )

    @classmethod
    def of(cls, returns: Sequence[float]) -> ReturnMoments | None:
        """The moments of daily returns; None for fewer than two, or equal ones. Raises ValueError if one is not finite.

        Skewness and kurtosis are those of the sample as it is: mean third and fourth powers, without correction.
        """
        if not all(map(isfinite, returns)):
            raise ValueError("a return is not a finite number: leave out sessions without a return")
        count = len(returns)
        if count < 2 or min(returns) == max(returns):
            return None
        mean = fsum(returns) / count
        scale = max(abs(step - mean) for step in returns)  # so that no power underflows
        steps = [(step - mean) / scale for step in returns]
        squares = [step * step for step in steps]
        square, cube, fourth = (fsum(map(mul, squares, other)) / count for other in (repeat(1.0), steps, squares))
        sharpe = mean / (scale * sqrt(square * count / (count - 1)))
        return cls(count, sharpe, cube / square**1.5, fourth / square**2) if isfinite(sharpe) else None

    @property
    def spread(self) -> float:
        """The variance of the Sharpe ratio's estimate times (sessions - 1): 1 - skew SR + (kurtosis - 1)/4 SR^2."""
        return max(0.0, 1 - self.skewness * self.sharpe + (self.kurtosis - 1) / 4 * self.sharpe**2)


@dataclass(frozen=True, slots=True)
class Trials:
    """All the trials that the best one was chosen from."""

    count: int  # the independent ones; alike ones counted singly make the deflated Sharpe ratio smaller
    sharpe_variance: float  # sample variance of their Sharpe ratios of a session

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"there is at least one trial, not {self.count}: the one whose figure is asked for")
        if not (isfinite(self.sharpe_variance) and self.sharpe_variance >= 0):
            raise ValueError(f"a variance of Sharpe ratios is finite and not below 0: {self.sharpe_variance} is not")

    @classmethod
    def of(cls, sharpes: Sequence[float]) -> Trials:
        """The trials with these Sharpe ratios of a session. Raises ValueError if there is none, or one not finite."""
        if not all(map(isfinite, sharpes)):
            raise ValueError("the Sharpe ratio of a trial is not a finite number: a trial without trades has 0")
        return cls(len(sharpes), variance(sharpes) if len(sharpes) > 1 else 0.0)


def probabilistic_sharpe(moments: ReturnMoments, benchmark: float = 0.0) -> float:
    """PSR: the probability that the true Sharpe ratio is above ``benchmark`` (of a session), 0 to 1.

    Z[(SR - benchmark) sqrt(sessions - 1) / sqrt(1 - skew SR + (kurtosis - 1)/4 SR^2)].
    """
    if not isfinite(benchmark):
        raise ValueError(f"the Sharpe ratio to compare with must be finite: {benchmark} is not")
    excess = (moments.sharpe - benchmark) * sqrt(moments.sessions - 1)
    if moments.spread == 0:
        return 0.5 if excess == 0 else float(excess > 0)
    return _NORMAL.cdf(excess / sqrt(moments.spread))


def expected_maximum_sharpe(trials: Trials) -> float:
    """The Sharpe ratio of a session that the best of the trials is expected to show if none has an edge.

    sqrt(V) ((1 - g) Z^-1[1 - 1/N] + g Z^-1[1 - 1/(N e)]), g the Euler-Mascheroni constant; 0 for a single trial.
    """
    if trials.count == 1:
        return 0.0
    near, far = -_NORMAL.inv_cdf(1 / trials.count), -_NORMAL.inv_cdf(1 / (trials.count * e))
    return sqrt(trials.sharpe_variance) * ((1 - _EULER) * near + _EULER * far)


def deflated_sharpe(moments: ReturnMoments, trials: Trials) -> float:
    """DSR: the probability that the true Sharpe ratio of the best of the trials is above what luck alone would show.

    PSR against ``expected_maximum_sharpe``. 0.95 is the usual threshold.
    """
    return probabilistic_sharpe(moments, expected_maximum_sharpe(trials))


def minimum_track_record(moments: ReturnMoments, benchmark: float = 0.0, confidence: float = 0.95) -> float | None:
    """MinTRL: the sessions after which PSR reaches ``confidence`` if the moments stay; None: never, SR is not above.

    1 + (1 - skew SR + (kurtosis - 1)/4 SR^2) (Z^-1[confidence] / (SR - benchmark))^2.
    ``benchmark``: a Sharpe ratio of a session, such as the expected maximum of trials.
    """
    if not 0.5 <= confidence < 1:
        raise ValueError(f"a confidence is at least 0.5 and below 1: {confidence} is not")
    if not isfinite(benchmark):
        raise ValueError(f"the Sharpe ratio to compare with must be finite: {benchmark} is not")
    excess = moments.sharpe - benchmark
    ratio = _NORMAL.inv_cdf(confidence) / excess if excess > 0 else inf
    length = 1 + moments.spread * ratio * ratio
    return length if isfinite(length) else None
