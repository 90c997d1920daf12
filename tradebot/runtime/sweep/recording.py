"""Takes the results of tasks: from the store if it has them, else computed; each is stored and counted as a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tradebot.home.trials import Trial, TrialWriter, unusable_text
from tradebot.runtime.backtest.signal_source import Progress
from tradebot.runtime.sweep.executors import Submit, run_tasks
from tradebot.runtime.sweep.store import RunStore
from tradebot.runtime.sweep.task import Task, TaskResult


class Recording:
    """Stores and counts the results of one sweep. ``known`` of them were in the store. Use it as a context."""

    def __init__(self, store: RunStore | None, state_path: Path, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._state_path = state_path
        self.known = 0
        self.trouble = ""  # why trials are missing in the count
        self._trials: TrialWriter | None = None
        try:
            self._trials = TrialWriter(state_path)
        except OSError as error:
            self._cannot_count(error)

    def take(
        self,
        tasks: Iterable[Task | None],
        submit: Submit,
        most: int,
        what: str,
        total: int,
        to: Callable[[TaskResult], None],
    ) -> None:
        """Give each result to ``to`` as it comes. Raises what the executor raises, and UsageError for the store."""
        taken = 0

        def take_one(result: TaskResult) -> None:
            nonlocal taken
            for run in result.runs:
                self._count(run.trial)
            to(result)
            taken += 1
            self._progress(what, taken, total)

        def unknown() -> Iterator[Task | None]:
            for task in tasks:
                result = None if self._store is None or task is None else self._store.known(task)
                if result is None:
                    yield task
                else:
                    self.known += 1
                    take_one(result)

        for result in run_tasks(submit, unknown(), most):
            self.store(result)
            take_one(result)

    def store(self, result: TaskResult) -> None:
        """Add a result to the store, if there is one. Raises UsageError."""
        if self._store is not None:
            self._store.add(result)

    def _count(self, trial: Trial) -> None:
        if self._trials is not None:
            try:
                self._trials.record(trial)
            except OSError as error:
                self._cannot_count(error)

    def _cannot_count(self, error: OSError) -> None:
        self._trials = None
        self.trouble = unusable_text(self._state_path, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Flush the trials to disk."""
        if self._trials is not None:
            try:
                self._trials.close()
            except OSError as trouble:
                self._cannot_count(trouble)
