"""What preflight hands back: named checks, each with its result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tradebot.core.outcomes import Outcome


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
