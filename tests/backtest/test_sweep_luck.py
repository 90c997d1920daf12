"""The probability of overfitting over the variants of a sweep: which are compared, and when there is none."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np
import pytest

from tests.backtest.worlds import world
from tradebot.backtest.overfitting import overfitting
from tradebot.backtest.run_result import SpanRun, run_result
from tradebot.backtest.sweep_luck import overfit_of


@pytest.fixture(scope="module")
def run() -> SpanRun:
    walk = world(3).walk()
    walk.run()
    return run_result(walk)


def drawn(run: SpanRun, sessions: int, variants: int, edge: float = 0.0) -> list[SpanRun]:
    """Variants of noise, the first with an edge."""
    steps = np.random.default_rng(5).normal(0, 0.01, (variants, sessions))
    steps[0] += edge
    curves = 1000 * np.cumprod(np.hstack([np.ones((variants, 1)), 1 + steps]), axis=1)
    return [replace(run, curve=array("d", curve.tolist())) for curve in curves]


def test_an_edge_holds_and_noise_does_not(run: SpanRun) -> None:
    noise, edge = overfit_of(drawn(run, 400, 12)), overfit_of(drawn(run, 400, 12, 0.004))
    assert noise.probability is not None and edge.probability is not None
    assert edge.probability < 0.01 < 0.25 < noise.probability
    assert (noise.trials, noise.sessions, noise.splits, noise.trouble) == (12, 400, 12_870, "")
    assert noise.probability == overfitting([each.returns for each in drawn(run, 400, 12)]).probability


def test_few_sessions_have_fewer_blocks_and_too_few_none(run: SpanRun) -> None:
    assert overfit_of(drawn(run, 24, 3)).splits == 924
    few = overfit_of(drawn(run, 11, 3))
    assert few.probability is None and few.trouble == "11 sessions are too few to split"


def test_what_cannot_be_compared_is_told(run: SpanRun) -> None:
    lost = replace(run, curve=array("d", [100.0, 0.0, 0.0]))
    alone = overfit_of(drawn(run, 40, 1))
    assert alone.probability is None and "two variants" in alone.trouble
    found = overfit_of([*drawn(run, 40, 3), lost])
    assert found.trials == 3 and found.trouble == "1 variant lost everything and cannot be compared"
