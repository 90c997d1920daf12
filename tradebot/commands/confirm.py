"""Asks the user before an action that cannot be undone."""

from __future__ import annotations

import sys

from tradebot.commands import render, signal_handlers
from tradebot.errors import UsageError
from tradebot.reports.layout import Page
from tradebot.reports.streams import tell, tell_drawn
from tradebot.settings import GlobalOptions


def show_on_stderr(page: Page) -> None:
    """Show the page that the question is about. Standard output is left to the result of the command."""
    tell_drawn(render.page_text(page, sys.stderr))


def confirm(options: GlobalOptions, question: str) -> None:
    """Ask for a yes on the terminal. Raises UsageError without a terminal, with --json and after any other reply."""
    if options.json or sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to answer: add --yes if you mean it.")
    with signal_handlers.installed():
        tell(f"{question} Answer yes or no:")
        reply = sys.stdin.readline()
    if reply.strip().casefold() not in ("y", "yes"):
        raise UsageError("nothing was changed.")
