"""Opens the desk of a command, starts its log files and prints home, broker and account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tradebot.commands import daily_summary, heartbeats, logging_setup, render
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.schedule import DAY, Job
from tradebot.errors import AuthNeeded, BrokerUnavailable, ConfigError, ExitCode, NotDue, TradebotError
from tradebot.runtime.before_desk import record_failure, why_not_due
from tradebot.settings import GlobalOptions, Loaded

if TYPE_CHECKING:
    from tradebot.core.results.listings import Listing
    from tradebot.jobs.desk import Desk
    from tradebot.jobs.ledger_desk import LedgerDesk
    from tradebot.runtime.homes import HomeContext
    from tradebot.runtime.open_desk import OpenDesk
    from tradebot.runtime.open_ledger import OpenLedgerDesk

T = TypeVar("T")

#: Jobs without log files: they change nothing and may run every minute.
_READ_ONLY = frozenset({Job.STATUS, Job.RISK})


@contextmanager
def desk_for(
    options: GlobalOptions, job: Job, *, scheduled: bool = False, by_hand: bool = False, **kwargs: Any
) -> Iterator[OpenDesk]:
    """The desk of ``job``. ``kwargs`` and errors are those of ``runtime.open_desk``.

    The monitor is told nothing of a run that only a person starts: ``by_hand``. Raises NotDue if ``scheduled`` is true
    and the job is not due now.
    """
    from tradebot.runtime.open_desk import open_desk  # here, as the emergency stop imports this module for its logs

    if scheduled and (why := why_not_due(options, job)):
        raise NotDue(why)
    with ExitStack() as held:
        try:
            opened = held.enter_context(open_desk(options, job, **kwargs))
        except TradebotError as error:
            record_failure(options, job, error)
            raise
        if scheduled and (why := opened.desk.job_schedule().why_not_due(job)):
            raise NotDue(why)
        if not by_hand:
            heartbeats.start(opened.loaded.settings, job)
        if job not in _READ_ONLY:
            start_logs(opened.loaded, opened.desk.clock.wall())
        render.begin(options, str(job), opened.context, opened.loaded.warnings)
        yield opened
        if job in DAY:
            daily_summary.raise_left_out(opened)


def ask_or_recall(
    options: GlobalOptions,
    job: Job,
    ask: Callable[[Desk], Listing[T]],
    recall: Callable[[LedgerDesk], Listing[T]],
) -> tuple[Listing[T], HomeContext, ExitCode]:
    """What the broker shows; where it is out of reach, what the ledger knew last, with the error's code.

    The header is printed before the return. Raises what ``runtime.open_desk`` and ``open_ledger_desk`` do.
    """
    from tradebot.runtime.open_desk import open_desk
    from tradebot.runtime.open_ledger import open_ledger_desk

    try:
        with open_desk(options, job) as opened:
            found, context, warnings = ask(opened.desk), opened.context, opened.loaded.warnings
        code = ExitCode.OK
    except (AuthNeeded, BrokerUnavailable) as error:
        try:
            with open_ledger_desk(options) as stored:
                found, context, warnings = recall(stored.desk), stored.context, stored.loaded.warnings
        except ConfigError:  # a ledger that has no account yet, whose broker is away at first contact
            raise error from None
        found, code = replace(found, trouble=str(error)), error.exit_code
    render.begin(options, str(job), context, warnings)
    return found, context, code


@contextmanager
def ledger_for(options: GlobalOptions, name: str) -> Iterator[OpenLedgerDesk]:
    """The ledger alone, for a command that only looks at what was stored. Errors: ``open_ledger_desk``."""
    from tradebot.runtime.open_ledger import open_ledger_desk

    with open_ledger_desk(options) as opened:
        render.begin(options, name, opened.context, opened.loaded.warnings)
        yield opened


@contextmanager
def ledger_after(options: GlobalOptions, name: str, error: TradebotError) -> Iterator[OpenLedgerDesk]:
    """The ledger alone, once the broker could not be asked. Raises ``error`` where the ledger has no account yet."""
    from tradebot.runtime.open_ledger import open_ledger_desk

    with ExitStack() as held:
        try:
            opened = held.enter_context(open_ledger_desk(options))
        except ConfigError:
            raise error from None
        render.begin(options, name, opened.context, opened.loaded.warnings)
        yield opened


def start_logs(loaded: Loaded, wall: datetime) -> None:
    """Log to the home's files. A folder that cannot be written is a warning: a missing log stops no exit."""
    render.warn(logging_setup.to_files(loaded.settings, new_york_date(wall)))
