"""The times in which shares of ours had no live stop."""

from __future__ import annotations

from datetime import date, datetime

from tradebot.core.results.audit_events import AuditKind
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.codec import columns_of, stamp, value_from
from tradebot.ledger.engine import Engine
from tradebot.ledger.numbers import insert_numbered

_ALL = "SELECT * FROM bare_periods WHERE account_key = :account_key"


class BarePeriods:
    """The bare periods of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def standing(self) -> tuple[BarePeriod, ...]:
        """The periods that have not ended."""
        rows = self._engine.all(f"{_ALL} AND ended_at IS NULL ORDER BY period_id", self._account)
        return tuple(value_from(BarePeriod, row) for row in rows)

    def between(self, first: date | None, last: date | None) -> tuple[BarePeriod, ...]:
        """The periods that began from session ``first`` to ``last``, and those that have not ended, in order."""
        rows = self._engine.all(
            f"{_ALL} AND ((session >= :first AND session <= :last) OR ended_at IS NULL) ORDER BY period_id",
            {
                **self._account,
                "first": (first or date.min).isoformat(),
                "last": (last or date.max).isoformat(),
            },
        )
        return tuple(value_from(BarePeriod, row) for row in rows)

    def begin(self, period: BarePeriod, at: datetime) -> bool:
        """Store a period, unless one of its holding has not ended. Returns whether it was stored."""
        columns = columns_of(period)
        with self._engine.transaction():
            new = "ON CONFLICT DO NOTHING RETURNING period_id"
            if not insert_numbered(self._engine, "bare_periods", {**self._account, **columns}, new):
                return False
            self._trail.append(AuditKind.BARE_BEGAN, f"{period.strategy} {period.symbol}", at, columns)
            return True

    def end(self, period: BarePeriod, at: datetime) -> None:
        """End the standing period of a holding at its ``ended_at``; nothing where none is standing."""
        assert period.ended_at is not None, "it has ended"
        with self._engine.transaction():
            changed = self._engine.execute(
                "UPDATE bare_periods SET ended_at = :ended_at WHERE account_key = :account_key"
                " AND strategy = :strategy AND symbol = :symbol AND ended_at IS NULL",
                {
                    **self._account,
                    "strategy": period.strategy,
                    "symbol": period.symbol,
                    "ended_at": stamp(period.ended_at),
                },
            )
            if changed:
                subject = f"{period.strategy} {period.symbol}"
                self._trail.append(AuditKind.BARE_ENDED, subject, at, columns_of(period))

    def last_look(self) -> datetime | None:
        """When the account was looked at last, aware UTC; None for never."""
        row = self._engine.one(
            "SELECT at FROM equity WHERE account_key = :account_key ORDER BY seq DESC LIMIT 1", self._account
        )
        return datetime.fromisoformat(row["at"]) if row else None

    def last_trade(self, symbol: str) -> datetime | None:
        """When a symbol was traded last, aware UTC; None for never."""
        row = self._engine.one(
            "SELECT MAX(at) AS at FROM fills WHERE account_key = :account_key AND symbol = :symbol",
            {**self._account, "symbol": symbol},
        )
        return datetime.fromisoformat(row["at"]) if row and row["at"] else None
