"""The schedule's own ledger: since when it is kept, whose turn came, and what was missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from tradebot.core.safety.schedule_status import JobStart, MissedJob, ScheduleClock, TrackingStart
from tradebot.ledger.audit import MISSED, Trail
from tradebot.ledger.codec import stamp, value_from
from tradebot.ledger.engine import Engine


class ScheduleLog:
    """The ScheduleLog port of one account."""

    def __init__(self, engine: Engine, trail: Trail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def tracking_start(self, schedule_clock: ScheduleClock) -> TrackingStart | None:
        """Since when the schedule is kept by this clock, or None when it is not yet."""
        row = self._engine.one(
            "SELECT since, unsettled FROM schedule WHERE account_key = :account_key AND keeping = :keeping",
            {**self._account, "keeping": schedule_clock.value},
        )
        return value_from(TrackingStart, row) if row else None

    def start_tracking(self, schedule_clock: ScheduleClock, since: datetime, first: date) -> None:
        """Keep the schedule from ``since`` on, ``first`` being that instant's session or day; once a clock."""
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
        """The runs that began by this clock at ``since`` or later, in the order of their beginnings."""
        rows = self._engine.all(
            "SELECT job, turn_at AS at, status FROM runs"
            " WHERE account_key = :account_key AND keeping = :keeping AND turn_at >= :since ORDER BY turn_at, run_id",
            {**self._account, "keeping": schedule_clock.value, "since": stamp(since)},
        )
        return tuple(value_from(JobStart, row) for row in rows)

    def missed_jobs(self, schedule_clock: ScheduleClock, first: date) -> frozenset[MissedJob]:
        """What is known to be missed in ``first`` and later sessions."""
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
        """Store what was missed, and the first session that is not settled yet; give what nobody had stored before.

        ``at`` is desk time, for the audit trail; ``noticed`` is by the clock of ``keeping``.
        """
        with self._engine.transaction():
            news = tuple(
                one for one in missed if self._trail.record(MISSED, _columns(schedule_clock, one, noticed), at)
            )
            self._engine.execute(
                "UPDATE schedule SET unsettled = :unsettled"
                " WHERE account_key = :account_key AND keeping = :keeping AND unsettled < :unsettled",
                {**self._account, "keeping": schedule_clock.value, "unsettled": unsettled.isoformat()},
            )
        return news


def _columns(schedule_clock: ScheduleClock, missed: MissedJob, noticed: datetime) -> dict[str, str]:
    return {
        "turn": f"{schedule_clock.value} {missed.session} {missed.job.value}",
        "keeping": schedule_clock.value,
        "session": missed.session.isoformat(),
        "job": missed.job.value,
        "noticed_at": stamp(noticed),
    }
