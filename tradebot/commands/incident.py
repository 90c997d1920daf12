"""tradebot incident"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

_FORMATS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]


@decorator.command(
    "incident",
    writes="nothing, or with --out the report.",
    examples=(
        "tradebot incident",
        'tradebot incident --since "2007-02-27 09:30" --out incident.md',
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=_FORMATS, metavar="TIME", show_default=False,
                     help="New York time to begin at; by default the newest session's morning."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_FORMATS, metavar="TIME", show_default=False,
                     help="New York time to end at, a day to its end; by default now."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", show_default=False,
                     help="Write the report there, also over a report that nobody has written into."),
    ] = None,
    force: decorator.ForceOption = False,
) -> ExitCode:  # fmt: skip
    """Write the report on an incident, in Markdown.

    Date, severity, what happened in order, trading affected, dollars and duration come from the audit trail; root
    cause and prevention are left for you to write. It reads the ledger alone: it asks no broker and waits for no job.
    """
    from tradebot.commands import logging_setup, render
    from tradebot.home.output_files import output_path, write_output
    from tradebot.jobs import incident
    from tradebot.reports.incident import INCIDENT_REPORT, incident_markdown
    from tradebot.reports.json_output import outcome_json
    from tradebot.reports.streams import emit, tell
    from tradebot.runtime.open_ledger import open_ledger_desk
    from tradebot.settings import load_without_keys

    first, last = _new_york(since), _new_york(until, end=True)
    if first and last and first > last:
        raise UsageError("--since is after --until.")
    path = output_path(out, "--out", load_without_keys(options), INCIDENT_REPORT, force=force) if out else None
    with open_ledger_desk(options) as opened:
        render.warn(opened.loaded.warnings)
        outcome = incident.run(opened.desk, first, last)
    report = logging_setup.redact(incident_markdown(outcome, opened.context))
    if path is not None:
        write_output(path, report, "--out")
        tell(f"written: {path}")
    if options.json:
        emit(logging_setup.redact(outcome_json(outcome, opened.context)))
    elif path is None:
        emit(report)
    return outcome.exit_code


def _new_york(typed: datetime | None, *, end: bool = False) -> datetime | None:
    """A typed time as New York time. With ``end``, a date without a time is the end of that day."""
    from datetime import time

    from tradebot.core.model.exchange_time import NEW_YORK

    if typed is None:
        return None
    if end and typed.time() == time():
        typed = datetime.combine(typed, time.max)
    return typed.replace(tzinfo=NEW_YORK)
