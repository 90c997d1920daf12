"""What a sweep is asked for, and the tasks and folds that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tradebot.backtest.parameter_grid import Dimension, Search, Values
from tradebot.backtest.run_result import Span
from tradebot.backtest.setup import no_session_text, rows_of
from tradebot.backtest.walk_forward import FoldSpans, Training, equal_lengths, fold_spans
from tradebot.errors import ConfigError, UsageError
from tradebot.runtime.backtest.inputs import Asked, Inputs, ParamValues
from tradebot.runtime.sweep.executors import Submit
from tradebot.strategy_api import ParamValue

#: Where tasks are computed: a context for inputs, which gives a function to submit a task with, and how many tasks may
#: be open at a time.
Workers = Callable[[Inputs], AbstractContextManager[tuple[Submit, int]]]


@dataclass(frozen=True, slots=True)
class Folds:
    """The folds of a walk-forward that are asked for: so many of equal length, or by their sessions."""

    training: Training
    count: int = 5
    train: int | None = None  # sessions of the first training; None: by count
    test: int | None = None  # sessions of each test


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAsked:
    """What a sweep is asked for."""

    backtest: Asked
    dimensions: tuple[Dimension, ...]
    search: Search  # which variants are tried
    store: Path | None = None
    folds: Folds | None = None
    row: Values | None = None  # the variant whose parameters are to be written


def params_of(dimensions: Sequence[Dimension], values: Values) -> ParamValues:
    """A variant by strategy and parameter."""
    found: dict[str, dict[str, ParamValue]] = {}
    for dimension, value in zip(dimensions, values, strict=True):
        found.setdefault(dimension.strategy, {})[dimension.parameter] = value
    return found


def refuse_values(inputs: Inputs, dimensions: Sequence[Dimension]) -> None:
    """Raise UsageError for another strategy, and ConfigError with each parameter and value that does not fit."""
    manifests = {plugin.info.name: plugin.manifest for plugin in inputs.plugins()}
    unknown = sorted({dimension.strategy for dimension in dimensions} - manifests.keys())
    if unknown:
        raise UsageError(f"--set names {', '.join(unknown)}, which is not swept.")
    found = (
        manifests[dimension.strategy].problem_with(dimension.parameter, value, "--set")
        for dimension in dimensions
        for value in dimension.values
    )
    if problems := [problem for problem in dict.fromkeys(found) if problem is not None]:  # a name is wrong once
        raise ConfigError(problems)


def sessions_of(inputs: Inputs) -> tuple[date, ...]:
    """The sessions that each variant walks. Raises UsageError if there is none."""
    sessions = tuple(stamp.date() for stamp in inputs.history.close.index)
    rows = rows_of(sessions, inputs.setup)
    if not rows:
        raise UsageError(no_session_text(sessions, inputs.setup))
    return sessions[rows.start : rows.stop]


def folds_of(folds: Folds, sessions: Sequence[date]) -> tuple[FoldSpans, ...]:
    """The folds over the sessions. Raises UsageError for too few sessions."""
    try:
        train, test = folds.train, folds.test
        if train is None or test is None:
            train, test = equal_lengths(len(sessions), folds.count)
        return fold_spans(sessions, folds.training, train, test)
    except ValueError as error:
        raise UsageError(f"--walk-forward: {error}.") from None


def spans_of(sessions: Sequence[date], folds: Sequence[FoldSpans]) -> tuple[Span, ...]:
    """What each variant is run over: all sessions, then each training."""
    return (Span(sessions[0], sessions[-1]), *(fold.train for fold in folds))
