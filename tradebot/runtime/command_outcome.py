"""How a command ended that was started in a process of its own (``tradebot.runtime.command_process``)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tradebot.errors import ExitCode
from tradebot.home.command_runs import CommandRun, RunState

#: What is told of a run that ended without an exit code.
_KILLED = (
    "`tradebot {}` was killed before it ended: by somebody, for want of memory, or with the machine. "
    "What it sent stays sent. Run it again."
)
#: Seconds between two looks at a run that is waited for.
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """How an action ended.

    exit_code: of the command; None if it was killed.
    summary: the JSON object of the command; None if it printed none.
    """

    exit_code: ExitCode | None
    summary: Mapping[str, Any] | None
    told: str  # in a sentence, what became of it

    @property
    def is_good(self) -> bool:
        """Whether the command did what was asked."""
        return self.exit_code in (ExitCode.OK, ExitCode.DEGRADED)


def outcome_of(run: CommandRun) -> ActionOutcome | None:
    """How a run ended; None while it is at work."""
    if run.state is RunState.RUNNING:
        return None
    code, summary = run.exit_code, _object(run.output())
    if code is None:
        return ActionOutcome(None, summary, _KILLED.format(run.command))
    return ActionOutcome(code, summary, _told(summary) or code.meaning)


def wait_for(run: CommandRun) -> ActionOutcome:
    """How a run ends, once it has."""
    while (outcome := outcome_of(run)) is None:
        time.sleep(_PAUSE)
    return outcome


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _told(summary: Mapping[str, Any] | None) -> str:
    """The sentence in which a command tells its outcome."""
    return str(next((summary[name] for name in ("error", "headline") if summary and summary.get(name)), ""))
