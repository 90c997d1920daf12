"""Asking a person before something that cannot be taken back."""

from __future__ import annotations

import sys

from tradebot.commands import render, signal_handlers
from tradebot.errors import UsageError
from tradebot.reports.layout import Page
from tradebot.reports.streams import tell
from tradebot.settings import GlobalOptions


def show_on_stderr(page: Page) -> None:
    """Show what the question is about, leaving standard output to the answer of the command."""
    tell(render.drawn(page, sys.stderr))


def confirm(options: GlobalOptions, question: str) -> None:
    """Go on only after a yes. Raises UsageError when nobody can be asked or the answer is no."""
    if options.json or sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to answer: add --yes if you mean it.")
    with signal_handlers.answered():
        tell(f"{question} Answer yes or no:")
        answer = sys.stdin.readline()
    if answer.strip().casefold() not in ("y", "yes"):
        raise UsageError("nothing was changed.")
