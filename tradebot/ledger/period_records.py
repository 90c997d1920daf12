"""What a report tells of a period beside trades, fills and equity. It only reads, and streams what may be long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tradebot.core.accounting.fill_sums import ExecutionRow
from tradebot.core.model.account import Position
from tradebot.core.model.halts import HaltScope, scope_text
from tradebot.core.results.period_lines import BreakLine, HaltLine, JobCount
from tradebot.ledger.codec import position_from, value_from
from tradebot.ledger.engine import Engine, Value
from tradebot.ledger.executions import executions

_WITHIN = "account_key = :account_key AND session >= :first AND session <= :last"


@dataclass(frozen=True, slots=True)
class RecordedPositions:
    """The broker's positions as last seen in a session."""

    at: datetime | None  # aware UTC; None where there was none
    positions: tuple[Position, ...]
    owners: dict[str, str]  # strategy of the newest fill by symbol


class PeriodRecords:
    """The records of one account. ``first`` and ``last`` are sessions, both included; None leaves a side open."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def executions(
        self, first: date | None, last: date | None, ends: tuple[datetime, datetime] | None = None
    ) -> Iterator[ExecutionRow]:
        """The standing fills of a period, of strategies and others, and those since the first of ``ends``.

        ends: of a bridge, aware UTC.
        """
        return executions(self._engine, self._account_key, (first, last), ends)

    def halts(self, first: date | None, last: date | None) -> tuple[HaltLine, ...]:
        """The halts that held in a session of the period, in the order of latching."""
        rows = self._engine.all(
            "SELECT * FROM halts WHERE account_key = :account_key AND latched_at < :after_last"
            " AND (cleared_at IS NULL OR cleared_at >= :first) AND (until IS NULL OR until > :first)"
            " ORDER BY halt_id",
            {**self._bounds(first, last), "after_last": _day_after(last)},
        )
        return tuple(
            HaltLine(
                rule=row["rule"],
                level=row["level"],
                subject=scope_text(HaltScope(row["scope"]), row["scope_name"]),
                reason=row["reason"],
                began_at=datetime.fromisoformat(row["since"] or row["latched_at"]),
                ended_at=datetime.fromisoformat(row["cleared_at"]) if row["cleared_at"] else None,
                ended_by=row["cleared_reason"] or "",
                until=date.fromisoformat(row["until"]) if row["until"] else None,
            )
            for row in rows
        )

    def breaks(self, first: date | None, last: date | None) -> tuple[BreakLine, ...]:
        """The confirmed breaks that were first seen in the period, in order."""
        rows = self._engine.all(
            "SELECT kind, symbol, severity, dollars, message, first_seen, closed_at FROM breaks"
            " WHERE account_key = :account_key AND first_seen >= :first AND first_seen <= :last AND confirmed = 1"
            " ORDER BY break_id",
            self._bounds(first, last),
        )
        return tuple(value_from(BreakLine, row) for row in rows)

    def jobs(self, first: date | None, last: date | None, without: int = 0) -> tuple[JobCount, ...]:
        """How the jobs of the period ended, without the run of this id, and how many were missed; by job."""
        ended = self._engine.all(
            f"SELECT job, status, COUNT(*) AS times FROM runs WHERE {_WITHIN} AND run_id <> :without"
            " GROUP BY job, status"
            f" UNION ALL SELECT job, 'missed', COUNT(*) FROM missed WHERE {_WITHIN} GROUP BY job ORDER BY 1, 2",
            {**self._bounds(first, last), "without": without},
        )
        return tuple(value_from(JobCount, row) for row in ended)

    def sessions_without_limits(self, first: date | None, last: date | None) -> int:
        """The sessions with a look at the account in which no use of limits was stored."""
        row = self._engine.one(
            f"SELECT COUNT(*) AS sessions FROM (SELECT DISTINCT session FROM equity WHERE {_WITHIN}"
            f" EXCEPT SELECT session FROM limits_used WHERE {_WITHIN}) AS without",
            self._bounds(first, last),
        )
        return int(row["sessions"]) if row else 0

    def positions(self, session: date) -> RecordedPositions:
        """The positions at the end of a session, as the last look of a job in it showed them."""
        of_session: dict[str, Value] = {"account_key": self._account_key, "session": session.isoformat()}
        rows = self._engine.all(
            "SELECT * FROM positions WHERE account_key = :account_key AND session = :session ORDER BY symbol",
            of_session,
        )
        looked = self._engine.one(
            "SELECT MAX(at) AS at FROM equity WHERE account_key = :account_key AND session = :session", of_session
        )
        owners: dict[str, str] = {}
        for row in rows:
            symbol = row["symbol"]
            fill = self._engine.one(
                "SELECT strategy FROM fills WHERE account_key = :account_key AND symbol = :symbol"
                " AND session <= :session AND reverses IS NULL ORDER BY session DESC, seq DESC LIMIT 1",
                {**of_session, "symbol": symbol},
            )
            if fill is not None:
                owners[symbol] = fill["strategy"]
        at = looked["at"] if looked else None
        positions = tuple(position_from(row) for row in rows)
        return RecordedPositions(datetime.fromisoformat(at) if at else None, positions, owners)

    def _bounds(self, first: date | None, last: date | None) -> dict[str, Value]:
        return {
            "account_key": self._account_key,
            "first": (first or date.min).isoformat(),
            "last": (last or date.max).isoformat(),
        }


def _day_after(day: date | None) -> str:
    """The text that instants of the day after ``day`` begin with or follow."""
    return "9999" if day is None else (day + timedelta(days=1)).isoformat()
