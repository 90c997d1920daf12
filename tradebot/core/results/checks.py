"""What preflight hands back: named checks, each with its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tradebot.core.results.outcomes import Outcome


class CheckResult(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One preflight check: its name, result, the figure it looked at, and what to do when it did not pass."""

    name: str
    result: CheckResult
    figure: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PreflightOutcome(Outcome):
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """What a desk cannot tell and a check needs: the files, the disk and the people around it.

    ``wall`` is the machine's time and so are the other times, aware UTC. ``findings`` is what `verify` found.
    ``strategy_faults`` says by strategy which promise it does not keep, "" for none. ``channels`` says by channel of
    alerts what went wrong with it, "" for nothing; None when none was tried today.
    """

    wall: datetime
    findings: tuple[str, ...] = ()
    ledger_bytes: int = 0
    free_bytes: int = 0
    log_trouble: str = ""
    env_file_exposed: str = ""
    secrets_in_environment: tuple[str, ...] = ()
    other_users: int = 0
    last_backup: datetime | None = None
    last_drill: datetime | None = None
    last_drill_passed: bool = False
    strategy_faults: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] | None = None
    tells_somebody: bool = False
