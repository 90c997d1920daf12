"""The runs of jobs, and the sessions in which strategies gave signals."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime

from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.audit_events import AuditKind
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import ExitCode, LedgerError
from tradebot.ledger.audit import RUNS, AuditTrail
from tradebot.ledger.codec import stamp, to_column, value_from
from tradebot.ledger.engine import Engine
from tradebot.ledger.numbers import insert_numbered


class RunLog:
    """The runs of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def begin(
        self,
        job: Job,
        session: date | None,
        at: datetime,
        wall: datetime,
        pid: int,
        schedule_clock: ScheduleClock = ScheduleClock.EXCHANGE,
        *,
        home_id: str = "",
    ) -> int:
        """Store the beginning of a run and return its id. ``at`` is desk time, ``wall`` wall-clock time, both aware.

        The audit trail leaves wall-clock time, pid and home out, so that replays can be compared (``RUNS``).
        """
        with self._engine.transaction():
            row = insert_numbered(
                self._engine,
                "runs",
                {
                    **self._account,
                    "job": job.value,
                    "session": to_column(session),
                    "status": RunStatus.RUNNING.value,
                    "started_at": stamp(at),
                    "started_wall": stamp(wall),
                    "pid": pid,
                    "home_id": home_id,
                    "keeping": schedule_clock.value,
                    "turn_at": stamp(wall if schedule_clock is ScheduleClock.REAL else at),
                    "summary": "",
                },
            )
            assert row is not None  # an INSERT that did not raise has a row to return
            run_id = int(row["run_id"])
            self._trail.append_state(RUNS, row, AuditKind.RUN_BEGAN, str(run_id), at, {"session": session})
        return run_id

    def end(self, run_id: int, status: RunStatus, exit_code: int, at: datetime, wall: datetime, summary: str) -> None:
        """Store the end of a run; ``summary`` is one line for people. Raises LedgerError if the run is not running."""
        with self._engine.transaction():
            row = self._engine.one(
                "UPDATE runs SET status = :status, exit_code = :exit_code, ended_at = :at, ended_wall = :wall,"
                " summary = :summary"
                " WHERE run_id = :run_id AND account_key = :account_key AND status = 'running' RETURNING *",
                {
                    **self._account,
                    "run_id": run_id,
                    "status": status.value,
                    "exit_code": exit_code,
                    "at": stamp(at),
                    "wall": stamp(wall),
                    "summary": summary,
                },
            )
            if row is None:
                raise LedgerError(f"Run {run_id} is not running, so it cannot end.")
            self._trail.append_state(RUNS, row, AuditKind.RUN_ENDED, str(run_id), at, {})

    def of_session(self, session: date) -> tuple[Run, ...]:
        """The runs of a session, in the order of their beginning."""
        rows = self._engine.all(
            "SELECT * FROM runs WHERE account_key = :account_key AND session = :session ORDER BY run_id",
            {**self._account, "session": session.isoformat()},
        )
        return tuple(value_from(Run, row) for row in rows)

    def newest(
        self,
        job: Job,
        statuses: Collection[RunStatus],
        count: int,
        *,
        without: Collection[ExitCode] = (),
        seen_from: str | None = None,
    ) -> Iterator[Run]:
        """The newest ``count`` runs of a job with one of these statuses, newest first, decoded one by one.

        without: runs that ended with one of these codes are left out.
        seen_from: the id of a home, whose lock the caller holds. Runs of other homes that have not ended are left out:
            they may be alive.
        """
        included = ", ".join(f"'{status.value}'" for status in statuses)
        excluded = ", ".join(str(int(code)) for code in without) or "-1"  # no code is
        rows = self._engine.all(
            f"SELECT * FROM runs WHERE account_key = :account_key AND job = :job AND status IN ({included})"
            f" AND (exit_code IS NULL OR exit_code NOT IN ({excluded}))"
            " AND (status <> 'running' OR home_id = '' OR home_id = COALESCE(:seen_from, home_id))"
            " ORDER BY run_id DESC LIMIT :count",
            {**self._account, "job": job.value, "count": count, "seen_from": seen_from},
        )
        return (value_from(Run, row) for row in rows)

    def last_of_each_job(self) -> tuple[Run, ...]:
        """The newest run of each job that has any, in the order of ``Job``."""
        newest = (
            self._engine.one(
                "SELECT * FROM runs WHERE account_key = :account_key AND job = :job ORDER BY run_id DESC LIMIT 1",
                {**self._account, "job": job.value},
            )
            for job in Job
        )
        return tuple(value_from(Run, row) for row in newest if row)
