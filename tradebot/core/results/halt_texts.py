"""A halt as it is told to the operator: what and why, since when, what ends it, what can be done now. Pure."""

from __future__ import annotations

from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.halts import Halt, HaltLevel, sources_text


def halt_alert(same: tuple[Halt, ...]) -> tuple[str, str]:
    """The title and the message of the alert on one halt, which several latches may hold."""
    halt = same[0]
    level = max((each.level for each in same), key=list(HaltLevel).index)
    about = "" if halt.of_account else f" of {halt.subject}"
    since = f"since {new_york_text(halt.since)}, " if halt.since else ""
    lines = (halt.reason, f"It holds {since}{halt.holds} (set by {sources_text(same)}).", "What you can do now:")
    return f"{level}: {halt.rule.replace('_', ' ')}{about}", "\n".join((*lines, *halt.commands))
