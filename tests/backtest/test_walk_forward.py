"""The folds of a walk-forward, the choice in each, and the curve of all tests."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.backtest.worlds import world
from tradebot.backtest.run_result import Span, SpanRun, run_result
from tradebot.backtest.walk_forward import Training, chosen, equal_lengths, fold_spans, stitched

SESSIONS = [date(2007, 1, 1) + timedelta(days=number) for number in range(100)]


@pytest.mark.parametrize("training", Training)
def test_each_session_after_the_first_training_is_tested_once_and_trained_on_before(training: Training) -> None:
    folds = fold_spans(SESSIONS, training, 30, 25)
    tested: list[date] = []
    for number, fold in enumerate(folds):
        assert fold.train.last is not None and fold.test.first is not None and fold.test.last is not None
        tested += [day for day in SESSIONS if fold.test.first <= day <= fold.test.last]
        assert SESSIONS.index(fold.train.last) + 1 == SESSIONS.index(fold.test.first) == 30 + 25 * number
        begins = SESSIONS[0] if training is Training.ANCHORED else SESSIONS[25 * number]
        assert fold.train.first == begins
    assert tested == SESSIONS[30:]
    assert folds[-1].test == Span(SESSIONS[80], SESSIONS[99])


def test_equal_folds_leave_the_remainder_to_the_training() -> None:
    assert equal_lengths(104, 4) == (24, 20)
    assert len(fold_spans(SESSIONS, Training.ROLLING, *equal_lengths(100, 3))) == 3
    with pytest.raises(ValueError, match="there are 99"):
        equal_lengths(99, 4)
    for train, test in ((100, 10), (19, 10), (30, 0)):
        with pytest.raises(ValueError, match="training"):
            fold_spans(SESSIONS, Training.ANCHORED, train, test)


@pytest.fixture(scope="module")
def run() -> SpanRun:
    walk = world(3).walk()
    walk.run()
    return run_result(walk)


def with_sharpe(run: SpanRun, sharpe: float) -> SpanRun:
    return replace(run, trial=replace(run.trial, sharpe=sharpe))


def test_the_highest_sharpe_ratio_is_chosen_the_first_of_equal_ones(run: SpanRun) -> None:
    runs = [None, *(with_sharpe(run, sharpe) for sharpe in (-1.0, 0.2, 0.2, 0.0))]
    assert chosen(runs) == 2
    assert chosen([None, None]) is None


def test_tests_are_stitched_by_their_returns(run: SpanRun) -> None:
    up = replace(run, curve=array("d", [100.0, 110.0, 121.0]))
    down = replace(run, curve=array("d", [50.0, 25.0]))
    lost = replace(run, curve=array("d", [100.0, -1.0]))
    assert stitched(1000.0, [up, down]) == pytest.approx([1000, 1100, 1210, 605])
    assert stitched(1000.0, [up, lost, up]) == pytest.approx([1000, 1100, 1210, 0, 0, 0])
    assert Decimal(stitched(100.0, [run])[-1]) == pytest.approx(run.figures.equity * 100 / Decimal(run.curve[0]))
