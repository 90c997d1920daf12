"""The tracking of the job schedule: since when it is tracked, which jobs started, and which were missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from tradebot.core.model.schedule import Job
from tradebot.core.safety.schedule_status import JobStart, MissedJob, ScheduleClock, TrackingStart
from tradebot.errors import ExitCode
from tradebot.ledger.audit import MISSED, AuditTrail
from tradebot.ledger.codec import stamp, value_from
from tradebot.ledger.engine import Engine


class ScheduleLog:
    """The schedule of one account. A ``schedule_clock`` says by which clock: each is tracked on its own."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def tracking_start(self, schedule_clock: ScheduleClock) -> TrackingStart | None:
        """Since when the schedule is tracked; None if it is not."""
        row = self._engine.one(
            "SELECT since, unsettled FROM schedule WHERE account_key = :account_key AND keeping = :keeping",
            {**self._account, "keeping": schedule_clock.value},
        )
        return value_from(TrackingStart, row) if row else None

    def start_tracking(self, schedule_clock: ScheduleClock, since: datetime, first: date) -> None:
        """Track the schedule from ``since`` on, unless it is tracked already.

        ``since``: by ``schedule_clock``, aware. ``first``: the New York date of ``since``.
        """
        with self._engine.transaction():
            self._engine.insert(
                "schedule",
                {
                    **self._account,
                    "keeping": schedule_clock.value,
                    "since": stamp(since),
                    "unsettled": first.isoformat(),
                },
                "ON CONFLICT DO NOTHING",
            )

    def job_starts(self, schedule_clock: ScheduleClock, since: datetime) -> tuple[JobStart, ...]:
        """The runs that began at ``since`` (by ``schedule_clock``, aware) or later, in the order of their beginning.

        A mistyped command is no run of its job.
        """
        rows = self._engine.all(
            "SELECT job, turn_at AS at, status FROM runs"
            " WHERE account_key = :account_key AND keeping = :keeping AND turn_at >= :since"
            " AND COALESCE(exit_code, 0) <> :usage ORDER BY turn_at, run_id",
            {
                **self._account,
                "keeping": schedule_clock.value,
                "since": stamp(since),
                "usage": int(ExitCode.USAGE),
            },
        )
        return tuple(value_from(JobStart, row) for row in rows)

    def first_start(self, schedule_clock: ScheduleClock, job: Job) -> datetime | None:
        """When ``job`` first began, by ``schedule_clock``; None if it never did."""
        row = self._engine.one(
            "SELECT job, turn_at AS at, status FROM runs"
            " WHERE account_key = :account_key AND job = :job AND keeping = :keeping ORDER BY run_id LIMIT 1",
            {**self._account, "job": job.value, "keeping": schedule_clock.value},
        )
        return value_from(JobStart, row).at if row else None

    def missed_jobs(self, schedule_clock: ScheduleClock, first: date) -> frozenset[MissedJob]:
        """The stored missed jobs of the session ``first`` and later ones."""
        rows = self._engine.all(
            "SELECT session, job FROM missed"
            " WHERE account_key = :account_key AND keeping = :keeping AND session >= :first",
            {**self._account, "keeping": schedule_clock.value, "first": first.isoformat()},
        )
        return frozenset(value_from(MissedJob, row) for row in rows)

    def settle(
        self,
        schedule_clock: ScheduleClock,
        missed: Sequence[MissedJob],
        unsettled: date,
        at: datetime,
        noticed: datetime,
    ) -> tuple[MissedJob, ...]:
        """Store missed jobs and the first session that is not settled, and return the jobs that were not stored yet.

        ``at``: desk time, for the audit trail. ``noticed``: by ``schedule_clock``. Both are aware.
        """
        with self._engine.transaction():
            new = tuple(job for job in missed if self._store_missed(schedule_clock, job, at, noticed))
            self._engine.execute(
                "UPDATE schedule SET unsettled = :unsettled"
                " WHERE account_key = :account_key AND keeping = :keeping AND unsettled < :unsettled",
                {**self._account, "keeping": schedule_clock.value, "unsettled": unsettled.isoformat()},
            )
        return new

    def _store_missed(self, schedule_clock: ScheduleClock, missed: MissedJob, at: datetime, noticed: datetime) -> bool:
        """Store a missed job; False if it is stored already."""
        columns = {
            "turn": f"{schedule_clock.value} {missed.session} {missed.job.value}",
            "keeping": schedule_clock.value,
            "session": missed.session.isoformat(),
            "job": missed.job.value,
            "noticed_at": stamp(noticed),
        }
        return self._trail.record(MISSED, columns, at)
