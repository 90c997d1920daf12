"""Days on which the broker's calendar differs from the installed one."""

from __future__ import annotations

from datetime import date, datetime

from tradebot.core.model.account import CalendarDay, SessionHours
from tradebot.ledger.codec import stamp, value_from
from tradebot.ledger.engine import Engine, Row


class CalendarDays:
    """The stored calendar days of one account."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def all(self) -> tuple[CalendarDay, ...]:
        """Every stored day, in order."""
        rows = self._engine.all(
            "SELECT day AS session, opens, closes, half_day FROM calendar_days"
            " WHERE account_key = :account_key ORDER BY day",
            {"account_key": self._account_key},
        )
        return tuple(CalendarDay(date.fromisoformat(row["session"]), _hours(row)) for row in rows)

    def store(self, day: CalendarDay, seen_at: datetime) -> bool:
        """Store what the broker says of a day, in place of what it said before; False if that is stored already.

        seen_at: desk time, aware.
        """
        hours = day.hours
        columns = {
            "account_key": self._account_key,
            "day": day.day.isoformat(),
            "opens": None if hours is None else stamp(hours.opens),
            "closes": None if hours is None else stamp(hours.closes),
            "half_day": int(hours is not None and hours.half_day),
            "seen_at": stamp(seen_at),
        }
        with self._engine.transaction():
            if day in self.all():
                return False
            self._engine.insert(
                "calendar_days",
                columns,
                "ON CONFLICT (account_key, day) DO UPDATE SET opens = excluded.opens, closes = excluded.closes,"
                " half_day = excluded.half_day, seen_at = excluded.seen_at",
            )
        return True


def _hours(row: Row) -> SessionHours | None:
    return None if row["opens"] is None else value_from(SessionHours, row)
