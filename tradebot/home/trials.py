"""What was tried on past prices: an append-only file of JSON lines in the user's state folder, for all homes.

The best of many trials is lucky, so each one counts. A trial with the same digest as one before is the same trial.
Several processes may append at the same time. A line that cannot be read is counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path

from tradebot.home import append_log


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


def record_trial(state_path: Path, trial: Trial) -> TrialLog:
    """Append a trial unless it is there, and read all that are there now. Raises OSError."""
    log = read_trials(state_path)
    if any(each.digest == trial.digest for each in log.trials):
        return log
    fields = {
        "digest": trial.digest,
        "strategies": list(trial.strategies),
        "symbols": list(trial.symbols),
        "first": trial.first.isoformat(),
        "last": trial.last.isoformat(),
        "sharpe": trial.sharpe,
    }
    append_log.append(trials_file(state_path), json.dumps(fields), shared=True, permissions=0o600)
    return read_trials(state_path)


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
