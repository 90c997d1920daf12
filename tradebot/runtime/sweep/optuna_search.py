"""Chooses the variants of a sweep by what earlier ones came to: Optuna's tree-structured Parzen estimator (TPE)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import product
from typing import TYPE_CHECKING

from tradebot.backtest.parameter_grid import Dimension, Values, size_of
from tradebot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

#: A variant is chosen once all but the newest so many before it are known, whatever else is: so the choice is the same
#: on any number of processes, of which so many are busy at most.
LAG = 16
#: A variant that was tried is chosen so often in a row before the next one of the grid is taken.
_MOST_REPEATS = 20


def require_optuna() -> None:
    """Raise ConfigError where the extra is not installed."""
    if find_spec("optuna") is None:
        what = "it needs the package optuna, which is not installed"
        raise ConfigError([Problem("--optuna", what, 'pip install "tradebot[search]"')])


class OptunaSearch:
    """Different variants of a grid, those with the highest Sharpe ratio in view. Implements ``Search``.

    The same seed, dimensions and results give the same variants.
    """

    def __init__(self, dimensions: Sequence[Dimension], count: int, seed: int) -> None:
        """Raises ConfigError if Optuna is not installed."""
        require_optuna()
        self.total = min(count, size_of(dimensions))
        self._dimensions = tuple(dimensions)
        self._study = _study(seed)
        self._distributions = {dimension.name: _distribution(dimension) for dimension in dimensions}
        self._asked: dict[Values, Trial] = {}  # in this order
        self._results: dict[Values, float | None] = {}
        self._waiting: list[Values] = []  # asked, and not told to the study yet

    def ask(self) -> Values | None:
        """The next variant; None after the last, or until an earlier one is known."""
        if len(self._asked) == self.total:
            return None
        if len(self._waiting) == LAG:
            if self._waiting[0] not in self._results:
                return None
            first = self._waiting.pop(0)
            self._tell_study(self._asked[first], self._results[first])
        trial, values = self._chosen()
        self._asked[values] = trial
        self._waiting.append(values)
        return values

    def tell(self, values: Values, sharpe: float | None) -> None:
        """What a variant came to."""
        self._results[values] = sharpe

    def _chosen(self) -> tuple[Trial, Values]:
        for _ in range(_MOST_REPEATS):
            trial = self._study.ask(self._distributions)
            values = self._values(trial)
            if values not in self._asked:
                return trial, values
            self._tell_study(trial, None)  # it is known already, or will be
        places = product(*(range(len(dimension.values)) for dimension in self._dimensions))
        new = next(each for each in places if self._at(each) not in self._asked)
        names = [dimension.name for dimension in self._dimensions]
        self._study.enqueue_trial(dict(zip(names, new, strict=True)))
        trial = self._study.ask(self._distributions)
        return trial, self._values(trial)

    def _values(self, trial: Trial) -> Values:
        return self._at([trial.params[dimension.name] for dimension in self._dimensions])

    def _at(self, places: Sequence[int]) -> Values:
        return tuple(dimension.values[at] for dimension, at in zip(self._dimensions, places, strict=True))

    def _tell_study(self, trial: Trial, sharpe: float | None) -> None:
        from optuna.trial import TrialState

        if sharpe is None:
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, sharpe)


def _study(seed: int) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)  # others that are open count as poor
    return optuna.create_study(direction="maximize", sampler=sampler)


def _distribution(dimension: Dimension) -> BaseDistribution:
    """A place in the values: numbers are near each other as they stand, others are not."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    last = len(dimension.values) - 1
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in dimension.values):
        return IntDistribution(0, last)
    return CategoricalDistribution(range(last + 1))
