"""CSCV against a plain text of the paper's steps, and noise and an edge told apart over whole sweeps."""

from __future__ import annotations

import math
from itertools import combinations
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.accounting import known_trials
from tradebot.backtest.overfitting import Matrix, overfitting
from tradebot.core.accounting.sharpe_significance import ReturnMoments, Trials, deflated_sharpe

Returns = list[list[float]]
#: Seeds, variants and sessions of the sweeps over noise.
SEEDS, VARIANTS, SESSIONS = 20, 200, 252


def plain_logits(returns: Returns, blocks: int) -> list[float]:
    """The steps of the paper, one combination and one trial at a time."""
    length = len(returns[0]) // blocks
    spare = len(returns[0]) - length * blocks
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside, outside = [], []
        for trial in returns:
            cut = [trial[spare + at * length : spare + (at + 1) * length] for at in range(blocks)]
            inside.append(ratio([step for at in chosen for step in cut[at]]))
            outside.append(ratio([step for at in range(blocks) if at not in chosen for step in cut[at]]))
        own = outside[inside.index(max(inside))]
        rank = sum(other < own for other in outside) + (sum(other == own for other in outside) + 1) / 2
        share = rank / (len(returns) + 1)
        logits.append(math.log(share / (1 - share)))
    return logits


def ratio(steps: list[float]) -> float:
    return fmean(steps) / stdev(steps) if any(steps) else 0.0


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32), trials=st.integers(2, 6), half=st.integers(1, 3), extra=st.integers(0, 9),
    idle=st.booleans(),
)  # fmt: skip
def test_the_logits_are_those_of_the_steps(seed: int, trials: int, half: int, extra: int, idle: bool) -> None:
    sessions = 4 * half + extra
    kept = sessions // (2 * half) * 2 * half
    returns = noise(seed, trials, sessions)
    if idle:
        returns[:, : sessions - kept // 2] = 0.0  # no trial trades in the first half
        returns[-1] = 0.0  # and one never
    found = overfitting(returns.tolist(), blocks=2 * half)
    plain = plain_logits(returns.tolist(), 2 * half)
    assert found.logits == pytest.approx(plain)
    assert found.probability == fmean(logit <= 0 for logit in plain)
    assert (found.trials, found.sessions) == (trials, kept)


def test_the_probability_is_that_of_another_program() -> None:
    for blocks, (probability, logits, count) in known_trials.OVERFITTING.items():
        found = overfitting(known_trials.RETURNS, blocks=blocks)
        assert (found.probability, len(found.logits)) == (probability, count)
        assert math.fsum(found.logits) == pytest.approx(logits, rel=1e-9)


def noise(seed: int, trials: int, sessions: int) -> Matrix:
    return np.random.default_rng(seed).normal(0, 0.01, (trials, sessions))


def test_ways_in_several_portions_are_those_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    returns = noise(3, 5, 60).tolist()
    whole = overfitting(returns, blocks=6)
    monkeypatch.setattr("tradebot.backtest.overfitting._AT_A_TIME", 17)
    assert overfitting(returns, blocks=6) == whole
    assert len(whole.logits) == math.comb(6, 3)


def test_scale_and_equal_returns_change_nothing() -> None:
    returns = noise(4, 4, 40)
    found = overfitting(returns.tolist(), blocks=4)
    assert overfitting((returns * 2.0**-600).tolist(), blocks=4) == found
    returns[2] = 0.001  # earned in every session: above all others in every half
    assert overfitting(returns.tolist(), blocks=4).probability == 0


def deflated(returns: Matrix) -> float:
    """The deflated Sharpe ratio of the best trial."""
    records = [record for record in map(ReturnMoments.of, returns.tolist()) if record is not None]
    return deflated_sharpe(max(records, key=lambda record: record.sharpe), Trials.of([r.sharpe for r in records]))


def test_noise_does_not_pass_and_an_edge_does() -> None:
    passed, probabilities = 0, []
    for seed in range(SEEDS):
        returns = noise(seed, VARIANTS, SESSIONS)
        passed += deflated(returns) >= 0.95
        probabilities.append(overfitting(returns.tolist(), blocks=8).probability)
    assert passed <= 2
    assert fmean(probabilities) == pytest.approx(0.5, abs=0.1)
    returns = noise(0, VARIANTS, SESSIONS)
    returns[77] += 0.004  # a Sharpe ratio of about 6 a year
    assert deflated(returns) >= 0.95
    assert overfitting(returns.tolist(), blocks=8).probability < 0.1


def test_bad_input_is_refused() -> None:
    good = noise(1, 3, 32).tolist()
    for returns, blocks, said in (
        (good, 7, "even and 2 to 20"),
        (good, 22, "even and 2 to 20"),
        (good[:1], 4, "2 trials or more"),
        ([good[0], good[1][:-1]], 4, "31 to 32 sessions"),
        (good, 18, "need 36 sessions"),
        ([good[0], [math.nan] * 32], 4, "not a finite number"),
    ):
        with pytest.raises(ValueError, match=said):
            overfitting(returns, blocks=blocks)
