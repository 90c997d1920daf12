"""The page of a command that was run in all homes."""

from __future__ import annotations

from tradebot.core.results.home_places import AllHomesOutcome, HomeEnd
from tradebot.errors import ExitCode
from tradebot.reports.layout import Cell, Heading, Line, Page, Tone, section, table


def all_homes_page(command: str, outcome: AllHomesOutcome) -> Page:
    """What became of the command in each home, and what else it told."""
    tone = Tone.GOOD if outcome.exit_code is ExitCode.OK else Tone.BAD
    rows = ((end.home, end.host, _code(end), end.headline) for end in outcome.homes)
    return (
        Heading(f"{command} in all homes"),
        Line(outcome.headline, tone),
        *(Line(reason, Tone.BAD) for reason in outcome.unknown),
        *table("~home | machine | code | ~what became of it", rows),
        *(block for end in outcome.homes if end.output for block in section(f"Told in {end.home}", *_lines(end))),
    )


def _code(end: HomeEnd) -> Cell:
    return Cell(
        f"{int(end.exit_code)} {ExitCode(end.exit_code).name.lower()}", Tone.GOOD if not end.exit_code else Tone.BAD
    )


def _lines(end: HomeEnd) -> tuple[Line, ...]:
    return tuple(Line(line) for line in end.output.splitlines() if line.strip())
