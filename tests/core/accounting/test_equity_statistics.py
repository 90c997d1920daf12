"""The statistics against empyrical-reloaded, which is the oracle, and by hand where no series has a figure."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import empyrical
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tradebot.core.accounting import equity_statistics as formulas

Returns = list[float]

#: Daily returns in steps of a hundredth of a percent, so that a deviation is either zero or clear of rounding.
returns_of_a_day = st.integers(-9_999, 20_000).map(lambda steps: steps / 10_000)
quiet_returns = st.integers(-500, 500).map(lambda steps: steps / 10_000)
series = st.one_of(
    st.lists(returns_of_a_day, max_size=40),
    st.lists(quiet_returns, max_size=600),
    st.builds(lambda step, count: [step] * count, returns_of_a_day, st.integers(0, 40)),
)
pairs = st.one_of(
    st.lists(st.tuples(returns_of_a_day, returns_of_a_day), max_size=40),
    st.lists(st.tuples(quiet_returns, quiet_returns), max_size=300),
    st.lists(st.tuples(quiet_returns, st.just(0.001)), max_size=40),
)
ONE_SERIES = {
    "total_return": (formulas.total_return, empyrical.cum_returns_final),
    "annual_return": (formulas.annual_return, empyrical.annual_return),
    "annual_volatility": (formulas.annual_volatility, empyrical.annual_volatility),
    "sharpe_ratio": (formulas.sharpe_ratio, empyrical.sharpe_ratio),
    "sortino_ratio": (formulas.sortino_ratio, empyrical.sortino_ratio),
    "max_drawdown": (formulas.max_drawdown, empyrical.max_drawdown),
    "calmar_ratio": (formulas.calmar_ratio, empyrical.calmar_ratio),
}


def judged(formula: Callable[..., float], *given: Sequence[float]) -> float | None:
    """What the oracle says, None where it says infinity or not a number."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = float(formula(*(np.array(each, dtype=float) for each in given)))
    return value if math.isfinite(value) else None


def agree(ours: float | None, oracle: float | None) -> None:
    if oracle is None:
        assert ours is None
    else:
        assert ours == pytest.approx(oracle, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ONE_SERIES)
@given(returns=series)
@example(returns=[])
@example(returns=[0.01])
@example(returns=[0.0] * 30)
@example(returns=[0.1] * 30)
@example(returns=[-1.0, 0.5])
@example(returns=[1.0] * 252)
@example(returns=[0.0005, -0.0004] * 126)
def test_a_figure_is_empyricals(name: str, returns: Returns) -> None:
    ours, oracle = ONE_SERIES[name]
    agree(ours(returns), judged(oracle, returns))


@given(paired=pairs)
@example(paired=[])
@example(paired=[(0.01, 0.02)])
@example(paired=[(0.01, 0.0)] * 30)
@example(paired=[(0.001, 0.001)] * 30)
def test_beta_and_alpha_are_empyricals(paired: list[tuple[float, float]]) -> None:
    own, market = [mine for mine, _ in paired], [theirs for _, theirs in paired]
    if len(own) < 2:
        assert formulas.beta(own, market) is None and formulas.alpha(own, market) is None
        return
    agree(formulas.beta(own, market), judged(empyrical.beta_aligned, own, market))
    agree(formulas.alpha(own, market), judged(empyrical.alpha_aligned, own, market))


def test_an_account_below_zero_has_a_total_and_no_annual_return() -> None:
    assert formulas.total_return([-2.0]) == -2.0
    assert formulas.annual_return([-2.0]) is None
    assert formulas.max_drawdown([0.5, -2.0]) == pytest.approx(-2.0)


def test_a_growth_beyond_all_numbers_has_no_figure() -> None:
    assert formulas.annual_return([1e9]) is None
    assert formulas.total_return([1e308, 1e308]) is None


def test_two_series_pair_by_position() -> None:
    with pytest.raises(ValueError):
        formulas.beta([0.01, 0.02, 0.03], [0.01, 0.02])
