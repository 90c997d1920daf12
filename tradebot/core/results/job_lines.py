"""The jobs of a session for people and programs: when each is due, whether it ran, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from tradebot.core.model.ledger_rows import Run
from tradebot.core.model.schedule import Job, JobWindow
from tradebot.core.safety.schedule_status import JobStatus, SessionJob


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job of a session. Instants are aware UTC, by the clock that the schedule follows."""

    session: date
    job: Job
    mark: JobStatus
    due_at: datetime  # of check-exits, its last run
    late_from: datetime  # a run that begins from here on is late
    missed_from: datetime  # it cannot be made up for from here on
    began_at: datetime | None = None  # the run that counts; None without one
    run_code: int | None = None  # the exit code of that run; None: it has none yet, or there is no run
    run_summary: str = ""  # what that run said of itself, in a line


@dataclass(frozen=True, slots=True)
class SessionJobs:
    """The jobs of the newest session."""

    session: date | None  # None before the schedule is tracked
    now: datetime  # of the clock that the schedule follows
    lines: tuple[JobLine, ...]

    @property
    def overdue(self) -> tuple[JobLine, ...]:
        """The jobs that are late and may still run."""
        return tuple(line for line in self.lines if line.mark is JobStatus.OVERDUE)


def job_lines(jobs: Iterable[SessionJob], windows: Iterable[JobWindow], runs: Iterable[Run]) -> tuple[JobLine, ...]:
    """A line for each job of a session, in the order of ``jobs``. ``runs``: those of the session."""
    by_job = {window.job: window for window in windows}
    newest = {(run.job, run.started_at): run for run in runs}
    newest |= {(run.job, run.started_wall): run for run in newest.values()}
    return tuple(
        _line(each, by_job[each.job], newest.get((each.job, each.at)) if each.at else None)
        for each in jobs
        if each.job in by_job
    )


def _line(job: SessionJob, window: JobWindow, run: Run | None) -> JobLine:
    return JobLine(
        session=job.session,
        job=job.job,
        mark=job.mark,
        due_at=window.due,
        late_from=window.late,
        missed_from=window.missed,
        began_at=job.at,
        run_code=run.exit_code if run else None,
        run_summary=run.summary if run else "",
    )
