"""Where the tasks of a sweep are computed: local processes, through the interface of ``concurrent.futures``."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from tradebot.errors import ExitCode, TradebotError
from tradebot.runtime.backtest.inputs import Inputs
from tradebot.runtime.strategy_process import PASSED_ON
from tradebot.runtime.sweep.task import Task, TaskResult, begin_worker, run_task

#: Tasks that each process has at most, the one that it computes among them.
_AHEAD = 3
#: Variables that a worker keeps beside those of the strategies' process: no setting, no key, no home.
_KEPT = ("PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "PYTHONPATH")

#: Gives a task to an executor.
Submit = Callable[[Task], "Future[TaskResult]"]


class WorkersLost(TradebotError):
    """What computes went away, so some tasks have no result. Those before are known."""

    exit_code = ExitCode.DEGRADED


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


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


def local_workers(jobs: int | None) -> Callable[[Inputs], AbstractContextManager[tuple[Submit, int]]]:
    """Local processes, as many as there are processors unless ``jobs`` says so."""
    return partial(local_processes, jobs=jobs or processors())


@contextmanager
def local_processes(inputs: Inputs, jobs: int) -> Iterator[tuple[Submit, int]]:
    """Processes of this machine, each with the inputs. They are ended with the context, whatever they compute."""
    others = set(multiprocessing.active_children())
    executor: Executor = ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(inputs,)
    )
    try:
        yield lambda task: executor.submit(run_task, task), jobs * _AHEAD
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _begin(inputs: Inputs) -> None:
    """Begin a worker: ^C is for the command, which ends its workers, and the environment holds nothing of the user."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in set(os.environ) - {*PASSED_ON, *_KEPT}:
        del os.environ[name]
    begin_worker(inputs)
