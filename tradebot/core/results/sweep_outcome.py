"""The outcome of `sweep`: every variant with its figures, and how far the highest of them can be luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradebot.core.results.backtest_outcome import Luck, Verdict

#: The value of a parameter.
Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """The figures of a run. Fractions are of 1; None: too few sessions, or nothing was left."""

    sessions: int
    equity: Decimal  # USD at the end
    total_return: float | None
    cagr: float | None
    annual_volatility: float | None
    sharpe: float | None  # of a year
    max_drawdown: float | None
    calmar: float | None
    mean_exposure: float | None
    fills: int
    denial_count: int
    halt_count: int


@dataclass(frozen=True, slots=True)
class SweepRun:
    """A variant over all sessions."""

    params: Mapping[str, Value]  # those that the sweep changes, by strategy.parameter
    figures: RunFigures | None  # None: it failed
    luck: Luck | None  # None: it failed
    by_session: tuple[str, ...] = ()  # strategies that were asked session by session, as live
    error: str = ""  # why it failed


@dataclass(frozen=True, slots=True)
class Overfit:
    """How often the variant with the highest Sharpe ratio in one half of the sessions fails in the other (CSCV)."""

    probability: float | None  # PBO: the share of splits in which it is below the median; None: see ``trouble``
    trials: int = 0  # variants compared
    sessions: int = 0  # of each
    splits: int = 0
    trouble: str = ""  # why there is no probability, or which variants are not compared


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold of a walk-forward: the variant with the highest Sharpe ratio in training, and what it did afterwards."""

    train_first: date
    train_last: date
    test_first: date
    test_last: date
    params: Mapping[str, Value]
    trained: RunFigures
    tested: RunFigures


@dataclass(frozen=True, slots=True)
class WalkForward:
    """A walk-forward: the test sessions of all folds, one after the other, without a look at them in training."""

    kind: str  # anchored: training begins with the first session; rolling: it moves along
    folds: tuple[Fold, ...]
    curve: Mapping[date, float]  # USD: the equity that follows from the returns of the test sessions
    of_curve: Mapping[str, float | None]  # figures of the curve, by name
    luck: Luck | None
    drift: Mapping[str, tuple[Value, ...]]  # the values chosen, by parameter, a fold each


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutcome:
    """A sweep."""

    swept: Mapping[str, tuple[Value, ...]]  # the values that were tried
    first: date | None  # session; None: no variant has a figure
    last: date | None
    variants: int  # that were asked for
    ranking: tuple[SweepRun, ...]  # by Sharpe ratio, the highest first; those that failed last
    from_store: int  # runs that were taken from the store
    lost: str = ""  # why some were not run: what computed them went away
    universe: int  # symbols that the strategies trade
    survivors: int  # of them, those with a bar in the last session
    overfit: Overfit
    verdicts: tuple[Verdict, ...]  # of the strategies as the settings have them
    highest: tuple[Verdict, ...]  # of the strategies with the parameters of the first run
    walk_forward: WalkForward | None
    untested: str = ""  # why there is no walk-forward though one was asked for
    named_parameters: Mapping[str, Mapping[str, Value]]  # all of the variant that --row names; empty without one
    cash: Decimal  # USD to begin with
    seconds: Mapping[str, float]  # of the clock, by step
