"""How far the choice among the variants of a sweep is luck: CSCV over those that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from tradebot.backtest.overfitting import BLOCKS, overfitting
from tradebot.backtest.run_result import SpanRun
from tradebot.core.model.values import plural
from tradebot.core.results.sweep_outcome import Overfit

#: The fewest blocks whose splits say anything: 20 ways to choose half of them.
LEAST_BLOCKS = 6


def overfit_of(runs: Sequence[SpanRun]) -> Overfit:
    """The probability of backtest overfitting over variants that walked the same sessions."""
    compared = [returns for run in runs if (returns := run.returns)]
    left_out = len(runs) - len(compared)
    trouble = f"{plural(left_out, 'variant')} lost everything and cannot be compared" if left_out else ""
    if len(compared) < 2:
        return Overfit(None, len(compared), trouble=trouble or "it takes two variants with figures to compare")
    sessions = len(compared[0])
    blocks = min(BLOCKS, sessions // 4 * 2)
    if blocks < LEAST_BLOCKS:
        return Overfit(None, len(compared), sessions, trouble=f"{sessions} sessions are too few to split")
    found = overfitting(compared, blocks=blocks)
    return Overfit(found.probability, found.trials, found.sessions, comb(blocks, blocks // 2), trouble)
