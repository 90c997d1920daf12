"""How the tasks of a sweep are given to whatever computes them: as futures, of which some are open at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

from tradebot.errors import ExitCode, TradebotError
from tradebot.runtime.sweep.task import Task, TaskResult

#: Gives a task to an executor.
Submit = Callable[[Task], "Future[TaskResult]"]


class WorkersLost(TradebotError):
    """What computes went away, so some tasks have no result. Those before are known."""

    exit_code = ExitCode.DEGRADED


def run_tasks(submit: Submit, tasks: Iterable[Task | None], most: int) -> Iterator[TaskResult]:
    """The results of the tasks as they come, each once. ``most`` are submitted at a time; the rest wait here.

    None among the tasks: the next one is there after a result has been taken. What a future raises is raised, after the
    results that came with it. When the caller stops, what was not begun is cancelled.
    """
    left = iter(tasks)
    open_tasks: set[Future[TaskResult]] = set()
    try:
        while True:
            while len(open_tasks) < most and (task := next(left, None)) is not None:
                open_tasks.add(submit(task))
            if not open_tasks:
                return
            done, open_tasks = wait(open_tasks, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda each: each.exception() is not None):
                yield future.result()
    finally:
        for future in open_tasks:
            future.cancel()
