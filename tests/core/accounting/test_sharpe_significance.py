"""How far a Sharpe ratio can be luck: the worked examples of the papers, and what must hold of any record."""

from __future__ import annotations

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.accounting import known_trials
from tradebot.core.accounting import equity_statistics
from tradebot.core.accounting.sharpe_significance import (
    ReturnMoments,
    Trials,
    deflated_sharpe,
    expected_maximum_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
)

returns = st.lists(st.integers(-900, 900).map(lambda steps: steps / 10_000), min_size=2, max_size=60)
moments = returns.map(ReturnMoments.of).filter(lambda found: found is not None)
trials = st.builds(Trials, st.integers(1, 10**6), st.floats(0, 0.01))
sharpes = st.floats(-0.3, 0.3)


def test_the_deflated_sharpe_ratio_of_the_paper() -> None:
    # "A numerical example": 2.5 a year over 5 years of 250 sessions, the variance of annual Sharpe ratios is 1/2
    record = ReturnMoments(1250, 2.5 / math.sqrt(250), skewness=-3, kurtosis=10)
    a_hundred, fewer = Trials(100, 0.5 / 250), Trials(46, 0.5 / 250)
    assert expected_maximum_sharpe(a_hundred) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(record, a_hundred) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(record, fewer) == pytest.approx(0.9505, abs=5e-5)
    normal = ReturnMoments(1250, 2.5 / math.sqrt(250))
    assert deflated_sharpe(normal, Trials(88, 0.5 / 250)) == pytest.approx(0.9505, abs=5e-5)


def test_the_probabilistic_sharpe_ratio_of_the_paper() -> None:
    # "Numerical examples": 24 months with mean 0.036 and deviation 0.079
    assert probabilistic_sharpe(ReturnMoments(24, 0.458)) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(ReturnMoments(24, 0.458, -2.448, 10.164)) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    ("periods", "skewness", "kurtosis", "years"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_minimum_track_records_of_the_paper(periods: int, skewness: float, kurtosis: float, years: float) -> None:
    # the years until an annual Sharpe ratio of 2 is above 1 with a confidence of 95 %
    record = ReturnMoments(2, 2 / math.sqrt(periods), skewness, kurtosis)
    length = minimum_track_record(record, benchmark=1 / math.sqrt(periods))
    assert length is not None and length / periods == pytest.approx(years, abs=5e-3)


def test_the_figures_are_those_of_another_program() -> None:
    records = [ReturnMoments.of(returns) for returns in known_trials.RETURNS]
    known = [record for record in records if record is not None]
    highest = max(known, key=lambda record: record.sharpe)
    tried = Trials.of([record.sharpe for record in known])
    luck = expected_maximum_sharpe(tried)
    assert known.index(highest) == known_trials.HIGHEST
    for ours, theirs in (
        (highest.sharpe, known_trials.SHARPE),
        (highest.skewness, known_trials.SKEWNESS),
        (highest.kurtosis, known_trials.KURTOSIS),
        (tried.sharpe_variance, known_trials.SHARPE_VARIANCE),
        (luck, known_trials.EXPECTED_MAXIMUM),
        (deflated_sharpe(highest, tried), known_trials.DEFLATED),
        (probabilistic_sharpe(highest), known_trials.PROBABILISTIC),
        (minimum_track_record(highest, luck), known_trials.MINIMUM_RECORD),
        (minimum_track_record(highest), known_trials.MINIMUM_RECORD_ABOVE_0),
    ):
        assert ours == pytest.approx(theirs, rel=1e-9)


def test_the_expected_maximum_is_that_of_drawn_trials() -> None:
    draw = random.Random(7)
    best = [max(draw.gauss(0, 0.03) for _ in range(200)) for _ in range(400)]
    assert expected_maximum_sharpe(Trials(200, 0.03**2)) == pytest.approx(sum(best) / len(best), rel=0.03)


def test_moments_by_hand() -> None:
    found = ReturnMoments.of([0.0, 0.0, 0.0, 0.04])  # deviations -1, -1, -1, 3 hundredths from the mean of 1
    assert found is not None and found.sessions == 4
    assert found.sharpe == pytest.approx(0.01 / 0.02)
    assert found.skewness == pytest.approx(6 / 3**1.5) and found.kurtosis == pytest.approx(21 / 9)
    assert ReturnMoments.of([0.01]) is None and ReturnMoments.of([0.01] * 30) is None


@given(returns=returns)
def test_the_sharpe_ratio_is_that_of_the_report(returns: list[float]) -> None:
    annual, found = equity_statistics.sharpe_ratio(returns), ReturnMoments.of(returns)
    assert (annual is None) == (found is None)
    if annual is not None and found is not None:
        assert found.sharpe * math.sqrt(252) == pytest.approx(annual, rel=1e-9, abs=1e-12)


@given(record=moments, of=trials, benchmark=sharpes)
def test_what_holds_of_any_record(record: ReturnMoments, of: Trials, benchmark: float) -> None:
    alone = probabilistic_sharpe(record)
    assert 0 <= deflated_sharpe(record, of) <= alone <= 1
    assert deflated_sharpe(record, Trials(1, of.sharpe_variance)) == alone
    assert deflated_sharpe(record, Trials(of.count + 1, of.sharpe_variance)) <= deflated_sharpe(record, of) + 1e-12
    assert probabilistic_sharpe(record, benchmark + 0.01) <= probabilistic_sharpe(record, benchmark)


@given(record=moments, benchmark=sharpes, confidence=st.floats(0.6, 0.99))
def test_the_minimum_track_record_is_where_the_probability_is_reached(
    record: ReturnMoments, benchmark: float, confidence: float
) -> None:
    length = minimum_track_record(record, benchmark, confidence)
    if length is None:
        assert record.sharpe - benchmark < 1e-100
    elif 2 <= length < 1e9:
        after, before = (
            ReturnMoments(sessions, record.sharpe, record.skewness, record.kurtosis)
            for sessions in (math.ceil(length), max(2, math.floor(length)))
        )
        assert probabilistic_sharpe(after, benchmark) >= confidence - 1e-9
        assert probabilistic_sharpe(before, benchmark) <= confidence + 1e-9


def test_a_record_whose_ratio_has_no_error_is_above_or_below() -> None:
    coin = ReturnMoments(100, 1.0, skewness=2.0, kurtosis=5.0)  # 1 - 2 + 1 = 0
    assert [probabilistic_sharpe(coin, benchmark) for benchmark in (0.5, 1.0, 1.5)] == [1.0, 0.5, 0.0]


def test_bad_input_is_refused() -> None:
    record = ReturnMoments(250, 0.1)
    for wrong, said in (
        (lambda: ReturnMoments(1, 0.1), "2 sessions or more"),
        (lambda: ReturnMoments(250, math.nan), "must be finite"),
        (lambda: ReturnMoments(250, 0.1, 0.0, 0.0), "not its excess over 3"),
        (lambda: ReturnMoments.of([0.01, math.nan]), "not a finite number"),
        (lambda: Trials(0, 0.1), "at least one trial"),
        (lambda: Trials(2, -0.1), "not below 0"),
        (lambda: Trials.of([]), "at least one trial"),
        (lambda: Trials.of([0.1, math.inf]), "a trial without trades has 0"),
        (lambda: probabilistic_sharpe(record, math.inf), "must be finite"),
        (lambda: minimum_track_record(record, math.nan), "must be finite"),
        (lambda: minimum_track_record(record, confidence=1.0), "below 1"),
    ):
        with pytest.raises(ValueError, match=said):
            wrong()
    assert minimum_track_record(record, benchmark=0.1) is None
    assert Trials.of([0.1]) == Trials(1, 0.0) and Trials.of([0.1, 0.3]).sharpe_variance == pytest.approx(0.02)


def test_a_million_trials_have_a_figure() -> None:
    assert expected_maximum_sharpe(Trials(10**6, 1.0)) == pytest.approx(NormalDist().inv_cdf(1 - 0.56e-6), rel=0.01)
