"""How far the result of a backtest can be luck, after all that was tried on the same data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import sqrt

import tradebot
from tradebot.backtest.walk import Walk
from tradebot.core.accounting.sharpe_significance import (
    ReturnMoments,
    Trials,
    deflated_sharpe,
    expected_maximum_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
)
from tradebot.core.results.backtest_outcome import Luck
from tradebot.home.trials import Trial

#: The fewest sessions with a figure, as for the Sharpe ratio of a report: a month.
MONTH_SESSIONS = 20


def trial_of(walk: Walk) -> Trial | None:
    """A walk as a trial; None before its first session."""
    if not walk.equity:
        return None
    moments = moments_of(walk)
    sessions, rows = walk.bars.sessions, walk.rows
    return Trial(
        digest=_digest(walk),
        strategies=tuple(table.strategy for table in walk.signals.tables),
        symbols=walk.bars.symbols,
        first=sessions[rows[0]],
        last=sessions[rows[len(walk.equity) - 1]],
        sharpe=moments.sharpe if moments is not None else 0.0,
    )


def moments_of(walk: Walk) -> ReturnMoments | None:
    """The moments of the daily returns of a walk; None if nothing was gained or lost, or all was lost."""
    return curve_moments([float(walk.setup.cash), *map(float, walk.equity)])


def curve_moments(curve: Sequence[float]) -> ReturnMoments | None:
    """The moments of the daily returns of a curve; None if nothing was gained or lost, or all was lost."""
    if min(curve) <= 0:
        return None
    return ReturnMoments.of([after / before - 1 for before, after in pairwise(curve)])


def luck_of(walk: Walk, tried: Sequence[Trial], trouble: str = "") -> Luck:
    """What luck alone would show. ``tried``: every trial on data of the walk, itself among them."""
    sessions, rows = walk.bars.sessions, walk.rows
    trials = trials_beside(sessions[rows[0]], sessions[rows[len(walk.equity) - 1]], tried)
    return moments_luck(moments_of(walk), trials, trouble)


def trials_beside(first: date, last: date, tried: Sequence[Trial]) -> Trials:
    """The trials that a record from ``first`` to ``last`` stands beside, itself among them.

    Luck shows larger Sharpe ratios in a short record: their variance falls with the number of sessions. So the ratio of
    a trial over other days is brought to the length of the record, by the square root of its share of days.
    """
    days = (last - first).days + 1
    return Trials.of([trial.sharpe * sqrt(((trial.last - trial.first).days + 1) / days) for trial in tried])


def moments_luck(moments: ReturnMoments | None, trials: Trials, trouble: str = "") -> Luck:
    """What luck alone would show beside returns of these moments. ``trials``: every trial on their data."""
    if moments is None or moments.sessions < MONTH_SESSIONS:
        return Luck(trials=trials.count, trouble=trouble)
    luck = expected_maximum_sharpe(trials)
    return Luck(
        trials=trials.count,
        sharpe=moments.sharpe,
        luck_sharpe=luck,
        probabilistic_sharpe=probabilistic_sharpe(moments),
        deflated_sharpe=deflated_sharpe(moments, trials),
        minimum_track_record=minimum_track_record(moments, luck),
        sessions=moments.sessions,
        trouble=trouble,
    )


def _digest(walk: Walk) -> str:
    """The digest of all that decides the figures of a walk."""
    bars, setup, end = walk.bars, walk.setup, walk.rows[len(walk.equity) - 1] + 1
    digest = hashlib.blake2b(digest_size=16)
    decided = (
        tradebot.__version__,
        [(table.strategy, table.fingerprint) for table in walk.signals.tables],
        bars.symbols,
        bars.sessions[walk.rows[0] : end],
        sorted((row, actions) for row, actions in bars.actions.items() if row < end),
        (setup.limits, setup.cash.normalize(), setup.rules, setup.close_positions),
    )
    digest.update(repr(decided).encode())
    for values in (bars.open, bars.high, bars.low, bars.close, bars.volume):
        digest.update(values[:end].tobytes())
    return digest.hexdigest()
