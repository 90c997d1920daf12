"""What a sweep came to: its variants by Sharpe ratio beside what luck alone would show, and its walk-forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from tradebot.backtest.luck import curve_moments, moments_luck, trials_beside
from tradebot.backtest.parameter_grid import Values
from tradebot.backtest.run_result import SpanRun, curve_figures, returns_of
from tradebot.backtest.sweep_luck import overfit_of
from tradebot.backtest.walk_forward import FoldSpans, chosen, stitched
from tradebot.core.results.sweep_outcome import Fold, SweepOutcome, SweepRun, Value, WalkForward
from tradebot.home.trials import Trial, TrialLog, damage_text, read_trials, unusable_text
from tradebot.plugins.check import CheckReport
from tradebot.runtime.backtest.checks import verdict_of
from tradebot.runtime.backtest.inputs import Inputs, ParamValues
from tradebot.runtime.sweep.asked import SweepAsked
from tradebot.runtime.sweep.recording import Recording
from tradebot.runtime.sweep.task import TaskResult


@dataclass(slots=True)
class Found:
    """What is known of a sweep so far. Results of variants are by number, those of tests by fold."""

    sessions: Sequence[date]
    folds: Sequence[FoldSpans]
    values: dict[int, Values] = field(default_factory=dict)
    variants: dict[int, TaskResult] = field(default_factory=dict)
    tests: dict[int, TaskResult] = field(default_factory=dict)
    checks: tuple[CheckReport, ...] = ()  # with the parameters of the settings
    highest_checks: tuple[CheckReport, ...] = ()  # with those of the highest variant
    named: ParamValues = field(default_factory=dict)  # all parameters of the variant that is to be written
    lost: str = ""  # why some were not run

    @property
    def ranked(self) -> list[int]:
        """The variants with figures, by Sharpe ratio, the highest first, then by number."""
        sharpes = {number: result.runs[0].trial.sharpe for number, result in self.variants.items() if result.runs}
        return sorted(sharpes, key=lambda number: (-sharpes[number], number))

    @property
    def highest(self) -> int | None:
        """The variant with the highest Sharpe ratio; None if none has a figure."""
        return next(iter(self.ranked), None)

    def chosen_in(self, fold: int) -> int | None:
        """The variant with the highest Sharpe ratio in the training of a fold."""
        numbers = sorted(self.variants)
        results = (self.variants[number] for number in numbers)
        place = chosen(result.runs[1 + fold] if result.runs else None for result in results)
        return None if place is None else numbers[place]


def sweep_outcome(
    asked: SweepAsked,
    inputs: Inputs,
    found: Found,
    recording: Recording,
    state_path: Path,
    seconds: Mapping[str, float],
) -> SweepOutcome:
    """The outcome of what was found, after all trials that the user's state folder remembers."""
    ranked = found.ranked
    own = [result.runs[0].trial for result in found.variants.values() if result.runs]
    luck = _Luck(own, recording.trouble, state_path)
    names = [dimension.name for dimension in asked.dimensions]
    symbols = sorted({symbol for plugin in inputs.plugins() for symbol in plugin.info.symbols})
    failed = sorted(found.variants.keys() - set(ranked))
    last = pd.Timestamp(found.sessions[-1])
    return SweepOutcome(
        swept={dimension.name: dimension.values for dimension in asked.dimensions},
        first=found.sessions[0],
        last=found.sessions[-1],
        variants=asked.search.total,
        ranking=tuple(_run(found, number, names, luck) for number in (*ranked, *failed)),
        from_store=recording.known,
        lost=found.lost,
        universe=len(symbols),
        survivors=int(inputs.history.close.reindex(columns=symbols).loc[last].notna().to_numpy().sum()),
        overfit=overfit_of([found.variants[number].runs[0] for number in sorted(ranked)]),
        verdicts=tuple(map(verdict_of, found.checks)),
        highest=tuple(map(verdict_of, found.highest_checks)),
        walk_forward=_walk_forward(found, asked, names, float(inputs.setup.cash), luck),
        untested=_untested(found, asked),
        named_parameters=found.named,
        cash=inputs.setup.cash,
        seconds=seconds,
    )


class _Luck:
    """The trials on the data of a sweep, which are those of each of its variants: all walk the same sessions."""

    def __init__(self, own: Sequence[Trial], trouble: str, state_path: Path) -> None:
        try:
            log = read_trials(state_path)
            self.trouble = trouble or damage_text(state_path, log)
        except OSError as error:
            log = TrialLog(())
            self.trouble = trouble or unusable_text(state_path, error)
        on_data = {trial.digest: trial for trial in (*(log.on_data_of(own[0]) if own else ()), *own)}
        self.trials = trials_beside(own[0].first, own[0].last, tuple(on_data.values())) if own else None


def _run(found: Found, number: int, names: Sequence[str], luck: _Luck) -> SweepRun:
    result = found.variants[number]
    params: dict[str, Value] = dict(zip(names, found.values[number], strict=True))
    if not result.runs or luck.trials is None:
        return SweepRun(params, None, None, error=result.error)
    run = result.runs[0]
    return SweepRun(params, run.figures, moments_luck(run.moments, luck.trials, luck.trouble), result.by_session)


def _untested(found: Found, asked: SweepAsked) -> str:
    """Why there is no walk-forward though one was asked for; "" where there is one."""
    if asked.folds is None:
        return ""
    for at in range(len(found.folds)):
        number, test = found.chosen_in(at), found.tests.get(at)
        if number is None:
            return f"in fold {at + 1} no variant has a figure of its training"
        if test is None:
            return f"the test of fold {at + 1} was not run"
        if not test.runs:
            return f"in fold {at + 1} the variant that was chosen failed in its test: {test.error}"
    return ""


def _walk_forward(
    found: Found, asked: SweepAsked, names: Sequence[str], cash: float, luck: _Luck
) -> WalkForward | None:
    """The folds that were tested; None if one was not, or nothing was asked for."""
    if asked.folds is None or not found.folds:
        return None
    folds: list[Fold] = []
    tests: list[SpanRun] = []
    for at in range(len(found.folds)):
        number, test = found.chosen_in(at), found.tests.get(at)
        if number is None or test is None or not test.runs:
            return None
        trained, tested = found.variants[number].runs[1 + at], test.runs[0]
        tests.append(tested)
        folds.append(
            Fold(
                train_first=trained.trial.first,
                train_last=trained.trial.last,
                test_first=tested.trial.first,
                test_last=tested.trial.last,
                params=dict(zip(names, found.values[number], strict=True)),
                trained=trained.figures,
                tested=tested.figures,
            )
        )
    curve = stitched(cash, tests)
    tested_sessions = found.sessions[len(found.sessions) - len(curve) + 1 :]
    return WalkForward(
        kind=asked.folds.training,
        folds=tuple(folds),
        curve=dict(zip(tested_sessions, curve[1:], strict=True)),
        of_curve=curve_figures(returns_of(curve)),
        luck=None if luck.trials is None else moments_luck(curve_moments(curve), luck.trials, luck.trouble),
        drift={name: tuple(fold.params[name] for fold in folds) for name in names},
    )
