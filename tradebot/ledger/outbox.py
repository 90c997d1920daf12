"""The alerts, and their delivery to the operator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tradebot.core.results.alerts import Alert, AlertLevel, DeliveryAttempt, DeliveryState, QueuedAlert, should_raise
from tradebot.ledger.audit import ALERTS, AuditTrail
from tradebot.ledger.codec import columns_of, stamp, to_column, value_from
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.numbers import insert_numbered, next_number
from tradebot.ledger.row_keys import row_key_of

_QUEUED = (
    "SELECT alerts.raised_at, alerts.level, alerts.title, alerts.message, alerts.key, alerts.kind, alerts.attachment,"
    " accounts.history AS account_key, alert_posts.alert_id, alert_posts.state, alert_posts.since,"
    " alert_posts.attempts, alert_posts.next_try, alert_posts.settled"
    " FROM alerts JOIN alert_posts"
    " ON alert_posts.account_key = alerts.account_key AND alert_posts.alert_id = alerts.seq"
    " JOIN accounts ON accounts.account_key = alerts.account_key"
)
#: Alerts of several accounts, oldest first.
_OLDEST_FIRST = "ORDER BY alert_posts.since, alert_posts.account_key, alert_posts.alert_id"
_NEWEST_FIRST = "ORDER BY alert_posts.since DESC, alert_posts.account_key DESC, alert_posts.alert_id DESC"

_SUMMARY: AlertLevel = "summary"


class Outbox:
    """The alerts of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def put(self, alert: Alert, wall: datetime, state: DeliveryState = DeliveryState.WAITING) -> bool:
        """Store an alert and queue it in ``state``; False if ``should_raise`` refuses it as a repetition.

        ``wall``: wall-clock time, aware.
        """
        with self._engine.transaction():
            if alert.key and not should_raise(alert.level, self._newest(alert.key), alert.raised_at):
                return False
            alert_id = next_number(self._engine, ALERTS.table, self._trail.account_key)
            self._trail.record(ALERTS, _columns(alert), alert.raised_at)
            settled = None if state is DeliveryState.WAITING else stamp(wall)
            post = {"alert_id": alert_id, "state": state.value, "since": stamp(wall), "settled": settled}
            self._engine.insert("alert_posts", {**self._account, **post})
        return True

    def has(self, key: str) -> bool:
        """Whether an alert with this key was ever raised."""
        return self._newest(key) is not None

    def newest_summary(self) -> Alert | None:
        """The newest summary of a session; None before the first."""
        row = self._engine.one(
            "SELECT * FROM alerts WHERE account_key = :account_key AND kind = :kind ORDER BY seq DESC LIMIT 1",
            {**self._account, "kind": _SUMMARY},
        )
        return _alert(row) if row else None

    def _newest(self, key: str) -> Alert | None:
        row = self._engine.one(
            "SELECT * FROM alerts WHERE account_key = :account_key AND key = :key ORDER BY seq DESC LIMIT 1",
            {**self._account, "key": key},
        )
        return _alert(row) if row else None


class AlertQueue:
    """The delivery of the alerts of every account. Instants are wall-clock time, so the audit trail leaves them out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, now: datetime, until: datetime, *, early: bool = False) -> tuple[QueuedAlert, ...]:
        """Claim the waiting alerts that are due at ``now``, oldest first, against other processes until ``until``.

        early: claim also those that are due later than ``until``; before it, another process may have claimed them.
        """
        due = "next_try IS NULL OR next_try <= :now" + (" OR next_try > :until" if early else "")
        with self._engine.transaction():
            at = {"now": stamp(now), "until": stamp(until)}
            waiting = self._engine.all(
                f"{_QUEUED} WHERE state = 'waiting' AND ({due}) {_OLDEST_FIRST}", at if early else {"now": stamp(now)}
            )
            # a server lets two processes read the same ones: who changes an alert first has it
            return tuple(
                each
                for each in self._queued(waiting)
                if self._engine.execute(
                    "UPDATE alert_posts SET next_try = :until"
                    f" WHERE account_key = :account_key AND alert_id = :alert_id AND state = 'waiting' AND ({due})",
                    {**at, "account_key": self._row_key(each.account_key), "alert_id": each.alert_id},
                )
            )

    def waiting(self) -> tuple[QueuedAlert, ...]:
        """The alerts that are still to be delivered, oldest first."""
        return self._queued(self._engine.all(f"{_QUEUED} WHERE state = 'waiting' {_OLDEST_FIRST}"))

    def store_attempts(
        self,
        queued: QueuedAlert,
        attempts: Sequence[DeliveryAttempt],
        state: DeliveryState,
        now: datetime,
        next_try: datetime | None,
    ) -> None:
        """Store attempts to deliver an alert, and the state of its delivery after them."""
        with self._engine.transaction():
            row_key = self._row_key(queued.account_key)
            for attempt in attempts:
                row = {"account_key": row_key, "alert_id": queued.alert_id, **columns_of(attempt)}
                insert_numbered(
                    self._engine, "alert_attempts", {**row, "at": stamp(now)}, "ON CONFLICT DO NOTHING RETURNING seq"
                )
            self._engine.execute(
                "UPDATE alert_posts SET state = :state, attempts = attempts + :tries, next_try = :next_try,"
                " settled = :settled"
                " WHERE account_key = :account_key AND alert_id = :alert_id AND state = 'waiting'",
                {
                    "account_key": row_key,
                    "alert_id": queued.alert_id,
                    "state": state.value,
                    "tries": int(bool(attempts)),
                    "next_try": to_column(next_try),
                    "settled": None if state is DeliveryState.WAITING else stamp(now),
                },
            )

    def newest(self, most: int) -> tuple[QueuedAlert, ...]:
        """The newest ``most`` alerts, oldest first."""
        rows = self._engine.all(f"{_QUEUED} {_NEWEST_FIRST} LIMIT :most", {"most": most})
        return self._queued(reversed(rows))

    def _queued(self, rows: Iterable[Row]) -> tuple[QueuedAlert, ...]:
        return tuple(
            value_from(QueuedAlert, row, alert=_alert(row), taken_by=taken_by, trouble=trouble)
            for row in rows
            for taken_by, trouble in [self._attempts(self._row_key(row["account_key"]), row["alert_id"])]
        )

    def _row_key(self, history: str) -> str:
        """The key of the rows of an alert, by that of the history in which it was raised."""
        row_key = row_key_of(self._engine, history)
        assert row_key is not None, "its alert is stored"
        return row_key

    def _attempts(self, account_key: str, alert_id: int) -> tuple[tuple[str, ...], str]:
        """The channels that accepted an alert, and the error of its newest failed attempt."""
        rows = self._engine.all(
            "SELECT channel, trouble FROM alert_attempts"
            " WHERE account_key = :account_key AND alert_id = :alert_id ORDER BY seq",
            {"account_key": account_key, "alert_id": alert_id},
        )
        taken = tuple(row["channel"] for row in rows if not row["trouble"])
        return taken, next((row["trouble"] for row in reversed(rows) if row["trouble"]), "")


def _columns(alert: Alert) -> dict[str, Value]:
    """The columns of an alert. A summary is one of level info to earlier versions, which know no other."""
    kind, level = (_SUMMARY, "info") if alert.level == _SUMMARY else (None, alert.level)
    return {**columns_of(alert), "level": level, "kind": kind, "attachment": alert.attachment or None}


def _alert(row: Row) -> Alert:
    return value_from(Alert, row, level=row["kind"] or row["level"], attachment=row["attachment"] or "")
