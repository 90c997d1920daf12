"""A halt as it is told to the operator: what and why, since when, what ends it, what can be done now. Pure."""

from __future__ import annotations

import re

from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, account_text, sources_text

#: A path that a shell takes as one word.
_ONE_WORD = re.compile(r"[\w@%+=:,./\\~-]+")

#: What follows a time that is not the exchange's.
BY_MACHINE = ", by this machine's clock"


def commands_of(halt: Halt, home: object) -> tuple[str, ...]:
    """The commands that show what a halt is about or end it, each as it is typed in any folder."""
    word = str(home) if _ONE_WORD.fullmatch(str(home)) else f'"{home}"'
    return tuple(f"{command} --home {word}" for command in halt.commands)


def since_text(halt: Halt) -> str:
    """When a halt began, in New York. A person halts by this machine's clock, which is not the embedded exchange's."""
    if halt.since is None:
        return "an unknown time"
    return f"{new_york_text(halt.since)}{clock_text(halt.rule)}"


def clock_text(rule: str) -> str:
    """What follows the time of a halt of a person, which is the machine's; "" for the halts of jobs."""
    return BY_MACHINE if rule == HaltRule.OPERATOR else ""


def halt_alert(same: tuple[Halt, ...], home: object) -> tuple[str, str]:
    """The title and the message of the alert on one halt of a home, which several latches may hold."""
    halt = same[0]
    level = max((each.level for each in same), key=list(HaltLevel).index)
    about = "" if halt.of_account else f" of {halt.subject}"
    since = f"since {since_text(halt)}, " if halt.since else ""
    holds = f"It holds for {account_text(same)}, {since}{halt.holds} (set by {sources_text(same)})."
    lines = (halt.reason, holds, "What you can do now:")
    return f"{level}: {halt.rule.replace('_', ' ')}{about}", "\n".join((*lines, *commands_of(halt, home)))
