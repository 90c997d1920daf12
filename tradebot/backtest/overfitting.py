"""The probability of backtest overfitting: how often the best trial of one half of the sessions fails in the other.

Source: D. H. Bailey, J. M. Borwein, M. Lopez de Prado and Q. J. Zhu, "The Probability of Backtest Overfitting", Journal
of Computational Finance 20(4), 2017: combinatorially symmetric cross-validation (CSCV).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

#: Blocks that the sessions are cut into, unless said otherwise: 12,870 ways to choose half of them, as in the paper.
BLOCKS = 16
#: The most blocks: 184,756 ways. Each further pair makes four times as many.
MOST_BLOCKS = 20
#: Ratios that are held at a time, 8 bytes each.
_AT_A_TIME = 1_000_000
#: A variance below this share of the mean square is rounding: the returns are equal, and this share is taken for it.
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What CSCV finds over a set of trials."""

    probability: float  # PBO: the share of logits at or below 0
    #: One for each way to choose half of the blocks: ln(w / (1 - w)), where w is the rank that the best trial of the
    #: chosen half has in the other (1: the worst; equal ones share their mean rank), over the number of trials + 1.
    logits: tuple[float, ...]
    trials: int
    sessions: int  # those that were compared


def overfitting(returns: Sequence[Sequence[float]], *, blocks: int = BLOCKS) -> Overfitting:
    """CSCV over trials of the same sessions.

    ``returns``: the daily returns of each trial, oldest first. They are cut into ``blocks`` of equal length; what is
    left over at the beginning is left out. Half of the blocks chooses the trial with the highest Sharpe ratio (of
    several the first), the other half ranks it, in all combinations. A trial whose returns are all 0 has the ratio 0.

    Noise gives about a half, an edge that holds in every block about 0. Raises ValueError.
    """
    matrix, length = _checked(returns, blocks)
    trials, sessions = len(matrix), length * blocks
    by_block = matrix[:, -sessions:].reshape(trials, blocks, length)
    sums, squares = by_block.sum(axis=2).T, (by_block**2).sum(axis=2).T
    halves = _halves(blocks)
    step = max(1, _AT_A_TIME // trials)
    logits = np.concatenate(
        [_logits(halves[at : at + step], sums, squares, sessions // 2) for at in range(0, len(halves), step)]
    )
    return Overfitting(float(np.mean(logits <= 0)), tuple(logits.tolist()), trials, sessions)


def _checked(returns: Sequence[Sequence[float]], blocks: int) -> tuple[Matrix, int]:
    """Returns as trials by sessions, each trial's scaled to at most 1, and the sessions of a block."""
    if not 2 <= blocks <= MOST_BLOCKS or blocks % 2:
        raise ValueError(f"the number of blocks is even and 2 to {MOST_BLOCKS}: {blocks} is not")
    if len(returns) < 2:
        raise ValueError(f"overfitting is chosen among 2 trials or more: there is {len(returns)}")
    lengths = {len(trial) for trial in returns}
    if len(lengths) > 1:
        raise ValueError(f"the trials have {min(lengths)} to {max(lengths)} sessions: give each the same sessions")
    (sessions,) = lengths
    if sessions < 2 * blocks:
        raise ValueError(f"{blocks} blocks need {2 * blocks} sessions or more, 2 each: the trials have {sessions}")
    matrix = np.asarray(returns, dtype=np.float64)
    if not np.isfinite(matrix).all():
        raise ValueError("a return is not a finite number: leave out the trial, or its session in every trial")
    largest = np.abs(matrix).max(axis=1, keepdims=True)  # a Sharpe ratio has no scale, and no square underflows so
    return matrix / np.where(largest > 0, largest, 1.0), sessions // blocks


def _halves(blocks: int) -> Matrix:
    """A row for each way to choose half of the blocks: 1 for a chosen block, 0 for any other."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    rows = np.zeros((len(chosen), blocks))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows


def _logits(halves: Matrix, sums: Matrix, squares: Matrix, count: int) -> Matrix:
    """The logit of each half. ``count``: sessions of a half; ``sums`` and ``squares`` by block and trial."""
    best = _sharpes(halves, sums, squares, count).argmax(axis=1)
    others = _sharpes(1 - halves, sums, squares, count)
    own = np.take_along_axis(others, best[:, None], axis=1)
    worse, alike = (others < own).sum(axis=1), (others == own).sum(axis=1)
    share = (worse + (alike + 1) / 2) / (others.shape[1] + 1)
    return np.asarray(np.log(share / (1 - share)), dtype=np.float64)


def _sharpes(halves: Matrix, sums: Matrix, squares: Matrix, count: int) -> Matrix:
    """The Sharpe ratio of each trial in each half, of a session, with divisor n: the order is that of n - 1."""
    means, mean_squares = halves @ sums / count, halves @ squares / count
    variances = np.maximum(mean_squares - means**2, _ROUNDING * mean_squares)
    return np.divide(means, np.sqrt(variances), out=np.zeros_like(means), where=variances > 0)
