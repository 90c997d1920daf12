"""Walk-forward: the folds of training and test sessions, the choice in each, and the curve of all test sessions.

Anchored training begins with the first session and grows; rolling training moves along at one length. No fold tests a
session that an earlier one tested, or that it was trained on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tradebot.backtest.run_result import Span, SpanRun

#: The fewest sessions of a training: a month, as for a Sharpe ratio.
LEAST_TRAINING = 20


class Training(StrEnum):
    """Which sessions a fold is trained on."""

    ANCHORED = "anchored"
    ROLLING = "rolling"


@dataclass(frozen=True, slots=True)
class FoldSpans:
    """The sessions of a fold."""

    train: Span
    test: Span


def fold_spans(sessions: Sequence[date], training: Training, train: int, test: int) -> tuple[FoldSpans, ...]:
    """The folds over ``sessions``. ``train``: sessions of the first training; ``test``: of each test but the last.

    Raises ValueError if there is no room for one fold.
    """
    if train < LEAST_TRAINING or test < 1:
        raise ValueError(f"a fold takes {LEAST_TRAINING} sessions of training or more, and 1 of test or more")
    if len(sessions) <= train:
        raise ValueError(f"{train} sessions of training leave none to test: there are {len(sessions)}")
    found = []
    for start in range(train, len(sessions), test):
        begin = 0 if training is Training.ANCHORED else start - train
        end = min(start + test, len(sessions)) - 1
        found.append(FoldSpans(Span(sessions[begin], sessions[start - 1]), Span(sessions[start], sessions[end])))
    return tuple(found)


def equal_lengths(sessions: int, folds: int) -> tuple[int, int]:
    """The sessions of the first training and of each test for so many folds: equal, the remainder is trained on.

    Raises ValueError for too few sessions.
    """
    test = sessions // (folds + 1)
    if folds < 1 or test < LEAST_TRAINING:
        raise ValueError(f"{folds} folds take {(folds + 1) * LEAST_TRAINING} sessions or more: there are {sessions}")
    return sessions - folds * test, test


def chosen(runs: Iterable[SpanRun | None]) -> int | None:
    """The place of the run with the highest Sharpe ratio, of several the first; None if there is no run.

    A run that gained and lost nothing has the ratio 0.
    """
    best: int | None = None
    highest = float("-inf")
    for place, run in enumerate(runs):
        if run is not None and run.trial.sharpe > highest:
            best, highest = place, run.trial.sharpe
    return best


def stitched(cash: float, tests: Iterable[SpanRun]) -> list[float]:
    """The equity that follows from the returns of the tests, one after the other: ``cash``, then each session's close.

    An account that lost everything stays at 0.
    """
    return list(_stitched(cash, tests))


def _stitched(cash: float, tests: Iterable[SpanRun]) -> Iterator[float]:
    yield cash
    for run in tests:
        factor = cash / run.curve[0]
        closes = [max(close, 0.0) * factor for close in run.curve[1:]]
        yield from closes
        cash = closes[-1]
