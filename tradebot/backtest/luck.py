"""How far the result of a backtest can be luck, after all that was tried on the same data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

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
    curve = [float(walk.setup.cash), *map(float, walk.equity)]
    if min(curve) <= 0:
        return None
    return ReturnMoments.of([after / before - 1 for before, after in pairwise(curve)])


def luck_of(walk: Walk, tried: Sequence[Trial], trouble: str = "") -> Luck:
    """What luck alone would show. ``tried``: every trial on data of the walk, itself among them."""
    moments, trials = moments_of(walk), Trials.of([trial.sharpe for trial in tried])
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
