"""What a command says: where it acts, its warnings, and its outcome for people or for machines."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TextIO, TypeVar

from tradebot.commands import logging_setup, notify, signal_handlers
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.reports import json_output
from tradebot.reports.layout import Page
from tradebot.reports.run_header import RunHeader, opening
from tradebot.reports.streams import emit, tell
from tradebot.settings import GlobalOptions

Told = TypeVar("Told", bound=Outcome)

_log = logging.getLogger(__name__)


def begin(options: GlobalOptions, name: str, where: RunHeader, warnings: Iterable[str] = ()) -> None:
    """Say where a command is going to act, before it does."""
    _log.info("%s begins: home %s, broker %s (%s), account %s", name, where.home, where.broker, where.mode,
              where.account_id)  # fmt: skip
    warn(warnings)
    if not options.json:
        show(opening(where))


def finish(
    options: GlobalOptions, where: RunHeader, outcome: Told, page: Callable[[Told, RunHeader], Page], **more: object
) -> ExitCode:
    """Show an outcome, tell the operator, and give the code to end with. ``more`` goes into the JSON beside its fields.

    People see it before alerts are delivered, which may take its time; machines get the code that came of it too.
    """
    signal_handlers.ignore()
    if not options.json:
        show(page(outcome, where))
    outcome, troubles = notify.after(options, where, outcome)
    warn(troubles)
    if options.json:
        emit(logging_setup.redact(json_output.outcome_json(outcome, where, **more)))
    if logging_setup.goes_to_files():
        _keep(page(outcome, where))
        _log.info("%s ended with %d", outcome.job, outcome.exit_code)
    return outcome.exit_code


def answer(
    options: GlobalOptions,
    name: str,
    page: Page,
    *,
    code: ExitCode = ExitCode.OK,
    where: RunHeader | None = None,
    **answers: object,
) -> ExitCode:
    """Show what a command that is no job found, and give the code to end with."""
    signal_handlers.ignore()
    if options.json:
        emit(logging_setup.redact(json_output.answer_json(name, code, where, **answers)))
    else:
        show(page)
    return code


def show(page: Page) -> None:
    """Draw a page on standard output."""
    if sys.stdout is not None:
        emit(drawn(page, sys.stdout))


def drawn(page: Page, stream: TextIO) -> str:
    """A page as text for ``stream``, without the secrets that a strategy's or a broker's message may hold."""
    from tradebot.reports.terminal import draw

    return draw(_masked(page), stream)


def warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        _log.warning("%s", warning)
        tell(f"warning: {warning}")


def _keep(page: Page) -> None:
    """Leave the story in the log files too, where a run that cron started is looked up."""
    for line in drawn(page, io.StringIO()).splitlines():
        if line.strip():
            _log.info("%s", line)


def _masked(part: Any) -> Any:
    """A page or a part of one, masked before it is drawn: a column may break a secret over two lines."""
    if isinstance(part, str):
        return logging_setup.redact(part)
    if isinstance(part, tuple):
        return tuple(map(_masked, part))
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{item.name: _masked(getattr(part, item.name)) for item in fields(part)})
    return part
