"""Prints the header, the warnings and the result of a command: as pages, or as one JSON object with --json."""

from __future__ import annotations

import dataclasses
import io
import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO, TypeVar

from tradebot.commands import logging_setup, notify, signal_handlers
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.reports import json_output
from tradebot.reports.layout import Page
from tradebot.reports.run_header import RunHeader, opening
from tradebot.reports.streams import emit, tell
from tradebot.settings import GlobalOptions

AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)

_log = logging.getLogger(__name__)


def begin(options: GlobalOptions, name: str, header: RunHeader, warnings: Iterable[str] = ()) -> None:
    """Print home, broker and account before a command acts on them."""
    _log.info("%s begins: home %s, broker %s (%s), account %s", name, header.home, header.broker, header.mode,
              header.account_id)  # fmt: skip
    warn(warnings)
    if not options.json:
        show(opening(header))


def finish(
    options: GlobalOptions,
    header: RunHeader,
    outcome: AnyOutcome,
    page: Callable[[AnyOutcome, RunHeader], Page],
    **more: object,
) -> ExitCode:
    """Print an outcome, deliver the alerts and return the exit code. ``more`` are additional fields of the JSON.

    The page is printed before the alerts are delivered, which may take seconds. The JSON is printed afterwards and has
    the exit code that results from the delivery.
    """
    signal_handlers.ignore()
    shown: Page = ()
    text = ""
    if not options.json:
        shown = page(outcome, header)
        text = show(shown)
    outcome, warnings = notify.of_outcome(options, header, outcome)
    warn(warnings)
    if options.json:
        emit(logging_setup.redact(json_output.outcome_json(outcome, header, **more)))
    if logging_setup.writes_files():
        final = page(outcome, header)
        _log_page(text if text and final == shown and not sys.stdout.isatty() else page_text(final, io.StringIO()))
        _log.info("%s ended with %d", outcome.job, outcome.exit_code)
    return outcome.exit_code


def show_result(
    options: GlobalOptions,
    name: str,
    page: Page,
    *,
    code: ExitCode = ExitCode.OK,
    header: RunHeader | None = None,
    **fields: object,
) -> ExitCode:
    """Print the result of a command that is no job, and return ``code``. ``fields`` are the fields of the JSON."""
    signal_handlers.ignore()
    if options.json:
        emit(logging_setup.redact(json_output.command_json(name, code, header, **fields)))
    else:
        show(page)
    return code


def show(page: Page) -> str:
    """Print a page on standard output. Returns its text, "" where there is no output."""
    if sys.stdout is None:
        return ""
    text = page_text(page, sys.stdout)
    emit(text)
    return text


def page_text(page: Page, stream: TextIO) -> str:
    """A page as text for ``stream``, with secrets masked: a message of a strategy or broker may hold one."""
    from tradebot.reports.terminal import draw

    return draw(_redact(page), stream)


def warn(warnings: Iterable[str]) -> None:
    """Log warnings, and print them on standard error."""
    for warning in warnings:
        _log.warning("%s", warning)
        tell(f"warning: {warning}")


def _log_page(text: str) -> None:
    """Log a page line by line: the log files are the record of a run without a terminal."""
    for line in text.splitlines():
        if line.strip():
            _log.info("%s", line)


def _redact(part: Any) -> Any:
    """A page or part of a page with secrets masked. Masking the text would miss a secret that a column wraps."""
    if isinstance(part, str):
        return logging_setup.redact(part)
    if isinstance(part, tuple):
        return tuple(map(_redact, part))
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        redacted = {item.name: _redact(getattr(part, item.name)) for item in dataclasses.fields(part)}
        return dataclasses.replace(part, **redacted)
    return part
