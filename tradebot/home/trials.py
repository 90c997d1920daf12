"""What was tried on past prices: an append-only file of JSON lines in the user's state folder, for all homes.

The best of many trials is lucky, so each one counts. A trial with the same digest as one before is the same trial.
Several processes may append at the same time. A line that cannot be read is counted.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path

from tradebot.core.model.values import plural
from tradebot.home import append_log
from tradebot.home.atomic_files import make_folder


@dataclass(frozen=True, slots=True)
class Trial:
    """A backtest that was made."""

    digest: str  # of all that decides its figures: code, parameters, prices, limits, cash, costs, sessions
    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    first: date  # session walked
    last: date
    sharpe: float  # of a session; 0 if nothing was gained or lost

    def shares_data_with(self, other: Trial) -> bool:
        """Whether both saw a session of a symbol."""
        overlap = self.first <= other.last and other.first <= self.last
        return overlap and not frozenset(self.symbols).isdisjoint(other.symbols)


@dataclass(frozen=True, slots=True)
class TrialLog:
    """The trials that could be read, each once, in the order of recording."""

    trials: tuple[Trial, ...]
    damaged: int = 0  # lines that could not be read

    def on_data_of(self, trial: Trial) -> tuple[Trial, ...]:
        """The trials that share data with ``trial``, itself among them if it is recorded."""
        return tuple(each for each in self.trials if each.shares_data_with(trial))


def trials_file(state_path: Path) -> Path:
    """The file of the trials. ``state_path``: the user's state folder."""
    return state_path / "trials.jsonl"


def unusable_text(state_path: Path, error: OSError) -> str:
    """That the file of the trials cannot be used."""
    return f"{trials_file(state_path)} cannot be used, so trials are missing in the count: {error}"


def damage_text(state_path: Path, log: TrialLog) -> str:
    """That lines of the file cannot be read; "" where all can be."""
    if not log.damaged:
        return ""
    file = trials_file(state_path)
    return f"{plural(log.damaged, 'line')} of {file} cannot be read: trials are missing in the count"


def record_trial(state_path: Path, trial: Trial) -> TrialLog:
    """Append a trial unless it is there, and read all that are there now. Raises OSError."""
    with closing(TrialWriter(state_path)) as writer:
        writer.record(trial)
    return read_trials(state_path)


class TrialWriter:
    """Appends trials as they are made, each unless it is there; the file is read once."""

    def __init__(self, state_path: Path) -> None:
        """Read the trials that are known. Raises OSError."""
        self._file = trials_file(state_path)
        self._known = {trial.digest for trial in read_trials(state_path).trials}
        self._lines: append_log.LineWriter | None = None  # opened for the first new trial

    def record(self, trial: Trial) -> None:
        """Append a trial unless it is known. It survives the end of this process. Raises OSError."""
        if trial.digest in self._known:
            return
        if self._lines is None:
            make_folder(self._file.parent)
            self._lines = append_log.LineWriter.appending(self._file, shared=True, permissions=0o600)
        fields = {
            "digest": trial.digest,
            "strategies": list(trial.strategies),
            "symbols": list(trial.symbols),
            "first": trial.first.isoformat(),
            "last": trial.last.isoformat(),
            "sharpe": trial.sharpe,
        }
        self._lines.write(json.dumps(fields))
        self._known.add(trial.digest)

    def close(self) -> None:
        """Flush the trials to disk, and close the file. Raises OSError."""
        if self._lines is not None:
            with self._lines:
                self._lines.sync()


def read_trials(state_path: Path) -> TrialLog:
    """All trials. Raises OSError."""
    lines = append_log.read_lines(trials_file(state_path))
    read = [_trial(line) for line in lines]
    found = {trial.digest: trial for trial in read if trial is not None}
    return TrialLog(tuple(found.values()), read.count(None))


def _trial(line: str) -> Trial | None:
    try:
        fields = json.loads(line)
        return Trial(
            digest=str(fields["digest"]),
            strategies=tuple(map(str, fields["strategies"])),
            symbols=tuple(map(str, fields["symbols"])),
            first=date.fromisoformat(fields["first"]),
            last=date.fromisoformat(fields["last"]),
            sharpe=_finite(fields["sharpe"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _finite(value: object) -> float:
    number = float(str(value))
    if not isfinite(number):
        raise ValueError("not a finite number")
    return number
