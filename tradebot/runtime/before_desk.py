"""What is said of a job before it has a desk: that it is not due; and what is left of one that never gets any: a ping
for whoever watches, a run in the ledger.
"""

from __future__ import annotations

import os
from contextlib import closing, suppress

from tradebot.alerts.heartbeat import Heartbeat
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import ExitCode, LedgerError, TradebotError
from tradebot.home import paths
from tradebot.jobs.schedule import JobSchedule
from tradebot.ledger.database import open_database
from tradebot.market.calendar import NyseCalendar
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, schedule_clock
from tradebot.settings import GlobalOptions, Settings

_STATUS = {ExitCode.BLOCKED: RunStatus.BLOCKED, ExitCode.HALTED: RunStatus.BLOCKED}


def heartbeat(settings: Settings, job: Job) -> Heartbeat | None:
    """The pings of one run of a job; None where no monitor waits for any."""
    if settings.heartbeat_url is None or job not in DAY:
        return None
    return Heartbeat(settings.heartbeat_url.reveal(), job.value)


def why_not_due(options: GlobalOptions, job: Job) -> str:
    """Why a scheduler that starts ``job`` now has come at a wrong time, or an empty text.

    Told without a word to the broker, which may be out of reach at an hour at which nobody needs it. Where the ledger
    cannot tell, or a person begins the sessions, the desk has to be asked.
    """
    settings = configuration(options).settings
    if not paths.is_initialised(settings.home) or schedule_clock(settings) is not ScheduleClock.REAL:
        return ""
    try:
        with closing(open_database(settings.database_path, create=False)) as database:
            pinned = database.pins.pinned(settings.broker, settings.trading_mode)
            if pinned is None:
                return ""
            ledger, now = database.bind(pinned.key), SystemClock().wall()
            return JobSchedule(ledger, NyseCalendar(), settings.schedule_rules(), ScheduleClock.REAL, now).why_not_due(
                job
            )
    except LedgerError:
        return ""


def write_down_failure(options: GlobalOptions, job: Job, error: TradebotError) -> None:
    """Leave in the ledger that a job of the schedule failed before it had a desk, as far as there is a ledger.

    One that found another at work has not failed, and a ledger that is not to be trusted is left as it was found. Where
    people start the jobs themselves they have seen it.
    """
    if job not in DAY or error.exit_code in (ExitCode.LOCKED, ExitCode.LEDGER):
        return
    with suppress(TradebotError):  # the first error is the one to tell
        settings = configuration(options).settings
        if not paths.is_initialised(settings.home) or schedule_clock(settings) is not ScheduleClock.REAL:
            return
        with closing(open_database(settings.database_path, create=False)) as database:
            pinned = database.pins.pinned(settings.broker, settings.trading_mode)
            if pinned is not None:
                now, runs = SystemClock().now(), database.bind(pinned.key).runs
                run_id = runs.begin(job, None, now, now, os.getpid(), ScheduleClock.REAL)
                runs.end(
                    run_id, _STATUS.get(error.exit_code, RunStatus.FAILED), error.exit_code, now, now, str(error)[:500]
                )
