"""Processes of this machine that compute the tasks of a sweep. Where one of them dies, all are replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from threading import RLock, Thread

from tradebot.runtime.backtest.inputs import Inputs
from tradebot.runtime.strategy_process import PASSED_ON
from tradebot.runtime.sweep.asked import Workers
from tradebot.runtime.sweep.executors import Submit, WorkersLost
from tradebot.runtime.sweep.task import Task, TaskResult, begin_worker, run_task

#: Tasks that each process has at most, the one that it computes among them.
_AHEAD = 3
#: Times in a row that processes die without a result between.
_MOST_DEATHS = 3
_LOST = (
    "a process that computes variants was killed again and again, so some variants have no figures. Free memory, or "
    "give --jobs fewer, and start the same sweep again: with --store it computes what is missing."
)
#: Variables that a worker keeps beside those of the strategies' process: no setting, no key, no home.
_KEPT = ("PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "PYTHONPATH")


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def local_workers(jobs: int | None) -> Workers:
    """Local processes, as many as there are processors unless ``jobs`` says so."""
    return partial(local_processes, jobs=jobs or processors())


@contextmanager
def local_processes(inputs: Inputs, jobs: int) -> Iterator[tuple[Submit, int]]:
    """Processes of this machine, each with the inputs. They are ended with the context, whatever they compute.

    A future raises WorkersLost once processes die again and again.
    """
    others = set(multiprocessing.active_children())
    with _bare_environment():
        pool = _Pool(inputs, jobs)
        try:
            yield pool.submit, jobs * _AHEAD
        except BaseException:
            pool.begin_nothing_more()
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise
        finally:
            pool.close()


@contextmanager
def _bare_environment() -> Iterator[None]:
    """Let processes that are started inherit nothing that the user has set: no key, no home."""
    taken = {name: os.environ.pop(name) for name in set(os.environ) - {*PASSED_ON, *_KEPT}}
    try:
        yield
    finally:
        os.environ.update(taken)


class _Pool:
    """A pool that outlives its processes: what they had not computed when one of them died is computed again."""

    def __init__(self, inputs: Inputs, jobs: int) -> None:
        self._inputs = inputs
        self._jobs = jobs
        self._lock = RLock()
        self._deaths = 0  # since the newest result
        self._closed = False
        self._executor = self._new_executor()

    def submit(self, task: Task) -> Future[TaskResult]:
        """The result of a task, once it is computed."""
        result: Future[TaskResult] = Future()
        self._compute(task, result)
        return result

    def begin_nothing_more(self) -> None:
        """Replace no process from now on."""
        with self._lock:
            self._closed = True

    def close(self) -> None:
        """Begin nothing more, and wait for the processes to end."""
        self.begin_nothing_more()
        self._executor.shutdown(cancel_futures=True)

    def _new_executor(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, context, initializer=_begin, initargs=(self._inputs,))

    def _compute(self, task: Task, result: Future[TaskResult]) -> None:
        with self._lock:
            executor = self._executor
            if self._closed:
                result.cancel()
                return
            try:
                computed = executor.submit(run_task, task)
            except BrokenProcessPool:
                executor = self._replaced(executor)
                computed = executor.submit(run_task, task)
        computed.add_done_callback(partial(self._computed, task, result, executor))

    def _computed(
        self, task: Task, result: Future[TaskResult], executor: ProcessPoolExecutor, computed: Future[TaskResult]
    ) -> None:
        """Take what a process gave; from a thread of the executor."""
        try:
            found = computed.result()
        except CancelledError:
            result.cancel()
            return
        except BrokenProcessPool:
            with self._lock:
                if not self._closed:
                    self._replaced(executor)
                lost = self._deaths >= _MOST_DEATHS
            if lost and not result.cancelled():
                result.set_exception(WorkersLost(_LOST))
            elif not result.cancelled():
                self._compute(task, result)
            return
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result raises it
            result.set_exception(error)
            return
        self._deaths = 0
        if not result.cancelled():
            result.set_result(found)

    def _replaced(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        """The executor after one that broke, the same for every task of it."""
        if self._executor is broken:
            self._deaths += 1
            broken.shutdown(wait=False)
            self._executor = self._new_executor()
        return self._executor


def _begin(inputs: Inputs) -> None:
    """Begin a worker: ^C is for the command, which ends its workers. A worker ends by itself if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_command, daemon=True).start()
    begin_worker(inputs)


def _end_with_the_command() -> None:
    command = multiprocessing.parent_process()
    if command is not None:
        command.join()
        os._exit(1)
