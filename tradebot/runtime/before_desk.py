"""What a job needs without a desk: whether it is due, the pings of its monitor, and the record of its failure."""

from __future__ import annotations

import os
from contextlib import closing, suppress

from tradebot.alerts.heartbeat import Heartbeat
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.safety.last_known import bare_text
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import AuthNeeded, ExitCode, LedgerError, TradebotError
from tradebot.jobs.schedule import JobSchedule
from tradebot.ledger.database import open_database
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import ledger_home, pinned_account_of
from tradebot.runtime.homes import configuration, is_home, schedule_clock
from tradebot.runtime.locked_out import last_known, pinned_account
from tradebot.settings import GlobalOptions, Settings

_STATUS = {ExitCode.BLOCKED: RunStatus.BLOCKED, ExitCode.HALTED: RunStatus.BLOCKED}


def heartbeat(settings: Settings, job: Job) -> Heartbeat | None:
    """The heartbeat of one run of a job; None where none is configured."""
    if settings.heartbeat_url is None or job not in DAY:
        return None
    return Heartbeat(settings.heartbeat_url.reveal(), job.value)


def why_not_due(options: GlobalOptions, job: Job) -> str:
    """Why ``job`` is not due now; "" if it is, or if only a desk can tell.

    Makes no request to the broker, which may be out of reach while no job is due. Only a desk can tell where the
    ledger can't be read, or a person begins the sessions.
    """
    settings = configuration(options).settings
    if not is_home(settings) or schedule_clock(settings) is not ScheduleClock.REAL:
        return ""
    try:
        with closing(open_database(settings.ledger, create=False)) as database:
            pinned = pinned_account_of(settings, database)
            if pinned is None:
                return ""
            ledger, rules, now = database.bind(pinned.key), settings.schedule_rules(), SystemClock().wall()
            calendar = CorrectedCalendar(NyseCalendar(), ledger.calendar_days.all())
            return JobSchedule(ledger, calendar, rules, ScheduleClock.REAL, now).why_not_due(job)
    except LedgerError:
        return ""


def record_failure(options: GlobalOptions, job: Job, error: TradebotError) -> None:
    """Record in the ledger, if there is one, that a scheduled job failed before it had a desk.

    An error that only a person can end gets a note on the shares that were last seen without a stop, in every home.

    Nothing is recorded of a job that found the lock taken, in a ledger that failed, or where a person starts the jobs.
    """
    if isinstance(error, AuthNeeded):
        _note_bare_shares(options, error)
    if job not in DAY or error.exit_code in (ExitCode.LOCKED, ExitCode.LEDGER):
        return
    with suppress(TradebotError):  # the first error is the one to report
        settings = configuration(options).settings
        if not is_home(settings) or schedule_clock(settings) is not ScheduleClock.REAL:
            return
        with closing(open_database(settings.ledger, create=False)) as database:
            pinned = pinned_account_of(settings, database)
            if pinned is not None:
                now, runs = SystemClock().now(), database.bind(pinned.key).runs
                home_id = ledger_home(settings, database)
                run_id = runs.begin(job, None, now, now, os.getpid(), ScheduleClock.REAL, home_id=home_id)
                runs.end(
                    run_id, _STATUS.get(error.exit_code, RunStatus.FAILED), error.exit_code, now, now, str(error)[:500]
                )


def _note_bare_shares(options: GlobalOptions, error: AuthNeeded) -> None:
    with suppress(TradebotError):  # the first error is the one to report
        settings = configuration(options).settings
        if is_home(settings):
            key = f"{settings.broker}:{settings.trading_mode}:{pinned_account(settings)}"
            error.add_note(bare_text(last_known(settings, key, SystemClock())))
