"""The unit of work of a sweep: one variant over one or more spans, computed in whichever process gets it.

``run_task`` is the function that an executor is given. What it needs beside the task are the inputs that all variants
share; a process keeps the newest, with its strategies in a process of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.backtest.run_result import Span, SpanRun
from tradebot.errors import TradebotError
from tradebot.plugins.errors import PluginTimeout, ProcessUnavailable
from tradebot.runtime.backtest.inputs import Inputs, ParamValues
from tradebot.runtime.sweep.engine import Engine


@dataclass(frozen=True, slots=True)
class Task:
    """A variant to run over one or more spans, each with an account of its own."""

    number: int  # of the variant
    params: ParamValues  # those that the sweep changes
    spans: tuple[Span, ...]
    by_session: bool = False  # whether to ask every strategy session by session


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a variant came to."""

    task: Task
    runs: tuple[SpanRun, ...]  # one for each span; none if it failed
    by_session: tuple[str, ...] = ()  # strategies that were asked session by session
    error: str = ""  # why it failed
    is_final: bool = True  # false: it failed for want of time or a process, and may not the next time


class _Kept:
    """The engine of this process."""

    digest = ""
    engine: Engine | None = None
    given: tuple[str, Inputs] | None = None


def begin_worker(digest: str, inputs: Inputs) -> None:
    """Give the inputs to a process that will run tasks; for the start of a local worker."""
    _Kept.given = digest, inputs


def run_task(task: Task, digest: str, inputs: Inputs | None = None) -> TaskResult:
    """Run a variant. What is wrong with it is told in the result; any other exception is a fault of this program.

    digest: of the inputs. inputs: None if ``begin_worker`` was given them.
    """
    engine = _engine(digest, inputs)
    try:
        runs, by_session = engine.run(task.params, task.spans, by_session=task.by_session)
    except (PluginTimeout, ProcessUnavailable) as error:
        return TaskResult(task, (), error=str(error), is_final=False)
    except TradebotError as error:
        return TaskResult(task, (), error=str(error))
    return TaskResult(task, runs, by_session)


def end_worker() -> None:
    """End the process of the strategies that tasks in this process have left."""
    if _Kept.engine is not None:
        _Kept.engine.close()
    _Kept.digest, _Kept.engine, _Kept.given = "", None, None


def _engine(digest: str, inputs: Inputs | None) -> Engine:
    if _Kept.engine is None or _Kept.digest != digest:
        if inputs is None and _Kept.given is not None and _Kept.given[0] == digest:
            inputs = _Kept.given[1]
        if inputs is None:
            raise ValueError("this process was not given the inputs of the task")
        if _Kept.engine is not None:
            _Kept.engine.close()
        _Kept.digest, _Kept.engine = digest, Engine(inputs)
    return _Kept.engine
