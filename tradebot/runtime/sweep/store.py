"""The file that a sweep keeps its results in, for one that goes on after ^C, a crash or another range of values.

Its first line says what the runs depend on beside the parameters; each other line is a variant with its runs. Lines are
appended and never change. A line that a crash cut off is not read, and its variant is run again.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tradebot.backtest.run_result import Span, SpanRun
from tradebot.core.accounting.sharpe_significance import ReturnMoments
from tradebot.core.results.sweep_outcome import RunFigures
from tradebot.errors import UsageError
from tradebot.home import append_log
from tradebot.home.output_files import Kind, output_path
from tradebot.home.trials import Trial
from tradebot.runtime.sweep.identity import InputsIdentity
from tradebot.runtime.sweep.task import Task, TaskResult
from tradebot.settings import Loaded

OPTION = "--store"
_FORMAT = 1
_STORE = Kind("a store of results", lambda head: head.lstrip().startswith(b'{"sweep": '), forced=False)


def store_path(path: Path, loaded: Loaded) -> Path:
    """The path of a store. Raises UsageError for a path of the home, and for a file of another kind."""
    return output_path(path, OPTION, loaded, _STORE)


class RunStore:
    """The results in a file, and those that are added to it. Use it as a context."""

    def __init__(self, path: Path, identity: InputsIdentity) -> None:
        """Read a file, or begin a new one. Raises UsageError for a file of anything else, and one of other inputs."""
        self._path = path
        try:
            lines = append_log.read_lines(path)
            if lines:
                self._refuse_other(lines[0], identity)
            self._writer = append_log.LineWriter.appending(path, permissions=0o600)
            if not lines:
                self._writer.write(json.dumps({"sweep": _FORMAT, **asdict(identity)}))
        except OSError as error:
            raise self._unusable(error) from error
        read = (_read(line) for line in lines[1:])
        self._known = {_key(result.task.params, span): (result, at) for result in read if result is not None
                       for at, span in enumerate(result.task.spans)}  # fmt: skip

    def known(self, task: Task) -> TaskResult | None:
        """The result of a task, if each of its runs is in the file."""
        found = [self._known.get(_key(task.params, span)) for span in task.spans]
        if not found or None in found:
            return None
        results = [each for each in found if each is not None]
        failed = next((result for result, _ in results if result.error), None)
        if failed is not None:
            return TaskResult(task, (), error=failed.error)
        return TaskResult(task, tuple(result.runs[at] for result, at in results), results[0][0].by_session)

    def add(self, result: TaskResult) -> None:
        """Append a result; one that may be another the next time is left out. Raises UsageError."""
        if not result.is_final:
            return
        try:
            self._writer.write(json.dumps(_fields(result)))
        except OSError as error:
            raise self._unusable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Flush what was added to disk."""
        with self._writer:
            self._writer.sync()

    def _refuse_other(self, head: str, identity: InputsIdentity) -> None:
        try:
            fields = json.loads(head)
            is_one = isinstance(fields, dict) and fields.get("sweep") == _FORMAT
        except ValueError:
            is_one = False
        if not is_one:
            raise UsageError(f"{self._path} is no store of a sweep. Give {OPTION} another file.")
        if others := identity.differences(fields):
            said = " and other ".join(others)
            raise UsageError(f"{self._path} holds the runs of a sweep with other {said}. Give {OPTION} another file.")

    def _unusable(self, error: OSError) -> UsageError:
        return UsageError(f"{self._path} cannot be used: {error.strerror or error}. Give {OPTION} another file.")


def _key(params: Mapping[str, Mapping[str, Any]], span: Span) -> str:
    return json.dumps([params, str(span.first), str(span.last)], sort_keys=True)


def _fields(result: TaskResult) -> dict[str, object]:
    return {
        "params": result.task.params,
        "spans": [[_text(span.first), _text(span.last)] for span in result.task.spans],
        "by_session": list(result.by_session),
        "error": result.error,
        "runs": [
            {
                "figures": {**asdict(run.figures), "equity": str(run.figures.equity)},
                "trial": {**asdict(run.trial), "first": _text(run.trial.first), "last": _text(run.trial.last)},
                "moments": None if run.moments is None else asdict(run.moments),
                "curve": run.curve.tolist(),
            }
            for run in result.runs
        ],
    }  # fmt: skip


def _read(line: str) -> TaskResult | None:
    """The result of a line; None for one that was cut off."""
    try:
        fields = json.loads(line)
        spans = tuple(Span(_date(first), _date(last)) for first, last in fields["spans"])
        runs = tuple(map(_run, fields["runs"]))
        if len(runs) != len(spans) and not fields["error"]:
            return None
        return TaskResult(Task(0, fields["params"], spans), runs, tuple(fields["by_session"]), fields["error"])
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return None


def _run(fields: dict[str, Any]) -> SpanRun:
    figures, trial, moments = fields["figures"], fields["trial"], fields["moments"]
    return SpanRun(
        curve=array("d", fields["curve"]),
        figures=RunFigures(**{**figures, "equity": Decimal(figures["equity"])}),
        trial=Trial(
            digest=trial["digest"],
            strategies=tuple(trial["strategies"]),
            symbols=tuple(trial["symbols"]),
            first=date.fromisoformat(trial["first"]),
            last=date.fromisoformat(trial["last"]),
            sharpe=trial["sharpe"],
        ),
        moments=None if moments is None else ReturnMoments(**moments),
    )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
