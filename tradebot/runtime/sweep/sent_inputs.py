"""The inputs of a sweep on their way to another machine: prices, parameters, and the files of the strategies.

Nothing of this machine goes along: no key, no home, no path.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.discovery import FoundStrategy
from tradebot.plugins.fingerprint import deciding_files
from tradebot.runtime.backtest.inputs import Inputs
from tradebot.runtime.sweep.engine import Engine
from tradebot.runtime.sweep.software import Software, refuse_other_software, software
from tradebot.runtime.sweep.task import Task, TaskResult, compute


@dataclass(frozen=True, slots=True)
class _Source:
    """A strategy's files that can decide, by their path in its folder."""

    strategy: str
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    inputs: Inputs  # without strategies
    sources: tuple[_Source, ...]


def packed(inputs: Inputs) -> bytes:
    """The inputs and the strategies' files as bytes, for ``Received``. Raises ConfigError."""
    sources = tuple(map(_source, inputs.strategies))
    return pickle.dumps(_Sent(replace(inputs, strategies=()), sources), protocol=5)


class Received:
    """Inputs in a worker, with the engine that runs variants of them, one at a time.

    It is pickled as it came. The engine ends with it.
    """

    def __init__(self, content: bytes, sender: Software) -> None:
        self._given = content, sender
        self._one_at_a_time = Lock()
        self._folder: TemporaryDirectory[str] | None = None
        self._engine: Engine | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return Received, self._given

    def __del__(self) -> None:
        if self._engine is not None:
            self._engine.close()
        if self._folder is not None:
            self._folder.cleanup()

    def run(self, task: Task) -> TaskResult:
        """The result of a task. Raises Blocked if this process computes with other software than the sender."""
        with self._one_at_a_time:
            if self._engine is None:
                refuse_other_software(self._given[1], software(), "a worker")
                self._engine = Engine(self._unpacked())
            return compute(self._engine, task)

    def _unpacked(self) -> Inputs:
        sent: _Sent = pickle.loads(self._given[0])
        self._folder = TemporaryDirectory(prefix="tradebot-sweep-", ignore_cleanup_errors=True)
        top = Path(self._folder.name)
        found = tuple(_written(source, top) for source in sent.sources)
        if sent.inputs.user:
            top.chmod(0o755)  # the user of the strategies reads there
        return replace(sent.inputs, strategies=found)


def _source(strategy: FoundStrategy) -> _Source:
    folder = strategy.folder
    if folder is None:
        raise ConfigError([Problem(strategy.name, f"{strategy.origin} has no folder to send", "Keep it in one.")])
    try:
        files = tuple((name, (folder / name).read_bytes()) for name in deciding_files(folder))
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise ConfigError([Problem(str(error.filename or folder), what, "Make it readable.")]) from None
    return _Source(strategy.name, files)


def _written(source: _Source, top: Path) -> FoundStrategy:
    folder = top / source.strategy
    for name, content in source.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return FoundStrategy(source.strategy, folder, "sent with the sweep")
