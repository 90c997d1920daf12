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


def can_ask(options: GlobalOptions) -> bool:
    """Whether somebody is there to answer: at a terminal, and not with --json."""
    return not options.json and sys.stdin is not None and sys.stdin.isatty()


def confirm(options: GlobalOptions, question: str) -> None:
    """Ask for a yes on the terminal. Raises UsageError without a terminal, with --json and after any other reply."""
    if not can_ask(options):
        raise UsageError(f"{question} Nobody is there to answer: add --yes if you mean it.")
    if _reply(f"{question} Answer yes or no:").casefold() not in ("y", "yes"):
        raise UsageError("nothing was changed.")


def typed_name(question: str, name: str) -> bool:
    """Ask on the terminal for a name that confirms, and return whether it was typed."""
    return _reply(f"{question} Type {name} to confirm:").casefold() == name.casefold()


def _reply(question: str) -> str:
    with signal_handlers.installed():
        tell(question)
        return sys.stdin.readline().strip()
