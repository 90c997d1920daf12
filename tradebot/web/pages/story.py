"""The story of a command that a page started, while it is told and after its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tradebot.reports.formatting import instant, usd
from tradebot.reports.layout import Block, Cell, Line, Tone, table
from tradebot.web.pages.sections import Part

if TYPE_CHECKING:
    from tradebot.runtime.command_outcome import ActionOutcome
    from tradebot.web.actions import RunningAction

#: What a result of a stop is, for the eye.
_TONES = {"cancelled": Tone.GOOD, "closed": Tone.GOOD, "still open": Tone.BAD, "left open without a stop": Tone.BAD}
_TITLES = {"emergency-stop": "Emergency stop", "resume": "Resume", "halt": "Halt", "preflight": "Preflight"}


@dataclass(frozen=True, slots=True)
class Story:
    """A command as a page tells it."""

    title: str
    command: str  # as it would be typed
    began: str
    lines: tuple[str, ...]
    stream: str  # the address of its events; "" once it has ended
    ended: str = ""  # how; "" while it is at work
    tone: Tone = Tone.PLAIN
    after: tuple[str, ...] = ()  # what that means, and what to do
    results: Part | None = None


def story_of(action: RunningAction, name: str, stream: str) -> Story:
    """The story so far. ``name``: of the account; ``stream``: the address of what follows."""
    outcome = action.outcome()  # before the lines, so that none is missing at its end
    title = _TITLES.get(action.command, action.command)
    lines, began = action.lines(), instant(action.began)
    if outcome is None:
        return Story(f"{title} of {name}", f"tradebot {action.command}", began, lines, stream)
    code = "" if outcome.exit_code is None else f"Code {int(outcome.exit_code)}: "
    return Story(
        title=f"{title} of {name}",
        command=f"tradebot {action.command}",
        began=began,
        lines=lines,
        stream="",
        ended=f"{code}{outcome.told}",
        tone=Tone.GOOD if outcome.is_good else Tone.BAD,
        after=_after(action, outcome, name),
        results=_results(outcome.summary or {}),
    )


def _after(action: RunningAction, outcome: ActionOutcome, name: str) -> tuple[str, ...]:
    if action.command == "emergency-stop":
        stays = (
            f"{name} stays STOPPED until somebody resumes it, on the page or by `tradebot resume`. Find out first what "
            "went wrong: `tradebot incident` gathers it."
        )
        if outcome.is_good:
            return (stays,)
        return ("Something may still be open: look at the broker, and stop again.", stays)
    if action.command == "resume" and not outcome.is_good:
        return ("Nothing was cleared that a failed check speaks against.",)
    return ()


def _results(summary: Mapping[str, Any]) -> Part | None:
    """What became of each order and position, by the command's JSON."""
    told = [line for line in summary.get("lines") or () if isinstance(line, dict)]
    rows = table(
        "symbol | what | >shares | >USD | ~result",
        (
            (
                str(line.get("symbol", "")),
                str(line.get("what", "")),
                str(line.get("quantity", "")),
                _dollars(line.get("dollars")),
                _result(line),
            )
            for line in told
        ),
    )
    failed: list[Block] = [
        Line(f"{line.get('what')}: {line.get('message')}", Tone.BAD)
        for line in summary.get("failures") or ()
        if isinstance(line, dict)
    ]
    failed += [
        Line(f"{check.get('name')}: {check.get('message')}", Tone.BAD)
        for check in summary.get("checks") or ()
        if isinstance(check, dict) and check.get("passed") is False
    ]
    blocks = (*rows, *failed)
    return Part("results", "What became of it", blocks) if blocks else None


def _result(line: Mapping[str, Any]) -> Cell:
    result, detail = str(line.get("result", "")), str(line.get("detail", ""))
    return Cell(f"{result}: {detail}" if detail else result, _TONES.get(result, Tone.PLAIN))


def _dollars(value: object) -> str:
    try:
        return usd(Decimal(str(value)))
    except InvalidOperation:
        return usd(None)
