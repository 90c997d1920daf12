"""The tasks of a sweep computed in the process of the test, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager

from tradebot.runtime.backtest.inputs import Inputs
from tradebot.runtime.sweep.engine import Engine
from tradebot.runtime.sweep.executors import Submit
from tradebot.runtime.sweep.task import Task, TaskResult, compute


@contextmanager
def here(inputs: Inputs) -> Iterator[tuple[Submit, int]]:
    """Compute each task as it is submitted."""
    with closing(Engine(inputs)) as engine:

        def submit(task: Task) -> Future[TaskResult]:
            done: Future[TaskResult] = Future()
            done.set_result(compute(engine, task))
            return done

        yield submit, 1
