"""The unit of work of a sweep: one variant over one or more spans, computed in whichever process gets it.

What a task needs beside itself are the inputs that all variants share. A process keeps them, with its strategies in a
process of their own.
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
    """What a local worker was given, and the engine that it makes of it with the first task."""

    inputs: Inputs | None = None
    engine: Engine | None = None


def begin_worker(inputs: Inputs) -> None:
    """Give the inputs to a local process that will run tasks."""
    _Kept.inputs = inputs


def run_task(task: Task) -> TaskResult:
    """The result of a task over the inputs that ``begin_worker`` was given."""
    if _Kept.engine is None:
        assert _Kept.inputs is not None, "a worker is given its inputs first"
        _Kept.engine = Engine(_Kept.inputs)
    return compute(_Kept.engine, task)


def compute(engine: Engine, task: Task) -> TaskResult:
    """Run a variant. What is wrong with it is told in the result; any other exception is a fault of this program."""
    try:
        runs, by_session = engine.run(task.params, task.spans, by_session=task.by_session)
    except (PluginTimeout, ProcessUnavailable) as error:
        return TaskResult(task, (), error=str(error), is_final=False)
    except TradebotError as error:
        return TaskResult(task, (), error=str(error))
    return TaskResult(task, runs, by_session)
