"""Runs a sweep: its variants over processes, then the tests of a walk-forward and the checks of the highest variant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

from tradebot.core.results.sweep_outcome import SweepOutcome
from tradebot.errors import Blocked, ExitCode
from tradebot.plugins.check import CheckReport
from tradebot.plugins.runner import StrategyRunner
from tradebot.runtime.backtest.checks import check_plugins, refuse_lookahead
from tradebot.runtime.backtest.inputs import Inputs, ParamValues, read_inputs
from tradebot.runtime.backtest.run import code_of
from tradebot.runtime.backtest.signal_source import Progress, SignalSource
from tradebot.runtime.backtest.stopwatch import Stopwatch
from tradebot.runtime.passed_checks import PassedChecks
from tradebot.runtime.strategy_process import strategy_runner
from tradebot.runtime.sweep.asked import (
    SweepAsked,
    Workers,
    folds_of,
    params_of,
    refuse_values,
    sessions_of,
    spans_of,
)
from tradebot.runtime.sweep.engine import Engine
from tradebot.runtime.sweep.executors import WorkersLost
from tradebot.runtime.sweep.identity import identity_of
from tradebot.runtime.sweep.outcome import Found, sweep_outcome
from tradebot.runtime.sweep.recording import Recording
from tradebot.runtime.sweep.store import RunStore
from tradebot.runtime.sweep.task import Task, TaskResult, compute
from tradebot.settings import Settings


def run_sweep(
    settings: Settings, asked: SweepAsked, progress: Progress, workers: Workers
) -> tuple[SweepOutcome, ExitCode]:
    """Run a sweep. A signal ends it: then the outcome is what is known by then, with the signal's exit code.

    A variant that fails is a result, with its error. Raises ConfigError, UsageError, and Blocked for a strategy that
    looks ahead with the parameters of the settings, or with those that are to be written.
    """
    stopwatch = Stopwatch()
    with ExitStack() as held:
        runner = held.enter_context(closing(strategy_runner(settings)))
        runner.prepare()  # it imports while the prices are read
        inputs = read_inputs(settings, asked.backtest)
        refuse_values(inputs, asked.dimensions)
        sessions = sessions_of(inputs)
        found = Found(sessions, folds_of(asked.folds, sessions) if asked.folds else ())
        identity = identity_of(inputs)
        store = held.enter_context(RunStore(asked.store, identity)) if asked.store else None
        recording = held.enter_context(Recording(store, settings.state_path, progress))
        stopwatch.passed("loading")
        checking = _Checking(inputs, runner, PassedChecks(settings.state_path))
        found.checks = checking.of({})
        inputs = replace(inputs, by_session=tuple(each.strategy for each in found.checks if not each.passed))
        if asked.row is not None:
            named = params_of(asked.dimensions, asked.row)
            checking.of(named)
            found.named = {plugin.info.name: plugin.info.params for plugin in inputs.plugins(named)}
        stopwatch.passed("checks")
        sweep = _Sweep(asked, inputs, found, recording)
        code = sweep.run(workers)
        stopwatch.passed("runs")
        if code is ExitCode.OK:
            sweep.check_highest(checking)
            stopwatch.passed("checks of the highest")
    outcome = sweep_outcome(asked, inputs, found, recording, settings.state_path, stopwatch.seconds)
    if code is ExitCode.OK and not any(run.figures for run in outcome.ranking):
        code = ExitCode.DEGRADED
    return outcome, code


class _Checking:
    """The checks of strategies with the parameters of a variant; those they passed are kept."""

    def __init__(self, inputs: Inputs, runner: StrategyRunner, kept: PassedChecks) -> None:
        self._inputs = inputs
        self._runner = runner
        self._kept = kept
        self._whole = SignalSource(runner, inputs.history, inputs.actions).whole

    def of(self, params: ParamValues) -> tuple[CheckReport, ...]:
        """The report of each strategy. Raises Blocked for one that looks ahead, unless that is allowed."""
        reports = check_plugins(self._inputs.plugins(params), self._whole, self._runner, self._kept)
        refuse_lookahead(reports, allowed=self._inputs.allow_lookahead)
        return reports


class _Sweep:
    """The runs of one sweep."""

    def __init__(self, asked: SweepAsked, inputs: Inputs, found: Found, recording: Recording) -> None:
        self._asked = asked
        self._inputs = inputs
        self._found = found
        self._recording = recording
        self._spans = spans_of(found.sessions, found.folds)

    def run(self, workers: Workers) -> ExitCode:
        """Run every variant, then the tests of the folds, until a signal: then its exit code."""
        try:
            with workers(self._inputs) as (submit, most):
                total = self._asked.search.total
                self._recording.take(self._variants(), submit, most, "variants", total, self._take)
                tests = list(self._tests())
                self._recording.take(tests, submit, most, "tests", len(tests), self._take_test)
        except KeyboardInterrupt as stop:
            return code_of(stop)
        except WorkersLost as lost:
            self._found.lost = str(lost)
            return lost.exit_code
        return ExitCode.OK

    def check_highest(self, checking: _Checking) -> None:
        """Make every check of the variant with the highest Sharpe ratio; the others were compared in some sessions.

        One that looks ahead loses its figures, and the next is checked. One that does not keep another promise is run
        again session by session.
        """
        found = self._found
        while (number := found.highest) is not None:
            result = found.variants[number]
            try:
                found.highest_checks = checking.of(result.task.params)
            except Blocked as error:
                found.variants[number] = TaskResult(result.task, (), error=str(error))
                continue
            if result.by_session or all(report.passed for report in found.highest_checks):
                return
            task = replace(result.task, by_session=True)
            with closing(Engine(self._inputs)) as engine:
                found.variants[number] = compute(engine, task)
            self._recording.store(found.variants[number])

    def _variants(self) -> Iterator[Task | None]:
        """Each variant; None where there is none before another is known, and after the last."""
        number = 0
        while True:
            values = self._asked.search.ask()
            if values is None:
                yield None
            else:
                self._found.values[number] = values
                yield Task(number, params_of(self._asked.dimensions, values), self._spans)
                number += 1

    def _take(self, result: TaskResult) -> None:
        number = result.task.number
        self._found.variants[number] = result
        sharpe = result.runs[0].trial.sharpe if result.runs else None
        self._asked.search.tell(self._found.values[number], sharpe)

    def _tests(self) -> Iterator[Task]:
        for fold, spans in enumerate(self._found.folds):
            number = self._found.chosen_in(fold)
            if number is not None:
                yield Task(fold, self._found.variants[number].task.params, (spans.test,))

    def _take_test(self, result: TaskResult) -> None:
        self._found.tests[result.task.number] = result
