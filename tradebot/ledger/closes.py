"""The closes of an account: its equity at the close of each session, and the closing prices of what it held."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.ledger_rows import EquityPoint, SessionClose
from tradebot.ledger.audit import CLOSES, AuditTrail
from tradebot.ledger.codec import canonical_json, columns_of, stamp, value_from
from tradebot.ledger.engine import Engine, Row, Value


class Closes:
    """The closes of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail

    def store(self, close: SessionClose) -> None:
        """Store a close. A session that has one keeps it."""
        columns = {**columns_of(close, without=("prices",)), "prices": canonical_json(close.prices)}
        with self._engine.transaction():
            self._trail.record(CLOSES, columns, close.at)

    def of_session(self, session: date) -> SessionClose | None:
        """The close of a session; None where none is stored."""
        return self._newest("session = :session", session=session.isoformat())

    def newest(self, until: date) -> SessionClose | None:
        """The newest close of the sessions up to ``until``, included; None where none is stored."""
        return self._newest("session <= :session", session=until.isoformat())

    def newest_at(self, at: datetime) -> SessionClose | None:
        """The newest close until an instant (aware), included; None where none is stored."""
        return self._newest("at <= :at", at=stamp(at))

    def between(self, first: date | None = None, last: date | None = None) -> tuple[SessionClose, ...]:
        """The closes from one session to another, both included, in order. None leaves a side open."""
        rows = self._engine.all(
            "SELECT * FROM closes WHERE account_key = :account_key AND session >= :first AND session <= :last"
            " ORDER BY session",
            self._of_account(first=(first or date.min).isoformat(), last=(last or date.max).isoformat()),
        )
        return tuple(_close_of(row) for row in rows)

    def _newest(self, condition: str, **values: Value) -> SessionClose | None:
        row = self._engine.one(
            f"SELECT * FROM closes WHERE account_key = :account_key AND {condition} ORDER BY session DESC LIMIT 1",
            self._of_account(**values),
        )
        return None if row is None else _close_of(row)

    def _of_account(self, **more: Value) -> dict[str, Value]:
        return {"account_key": self._trail.account_key, **more}


def at_the_close(engine: Engine, account_key: str, points: tuple[EquityPoint, ...]) -> tuple[EquityPoint, ...]:
    """The points, one a session in order, each with the figures of its session's close where that is stored."""
    if not points:
        return ()
    rows = engine.all(
        "SELECT session, at, equity, cash, long_value, short_value FROM closes WHERE account_key = :account_key"
        " AND session >= :first AND session <= :last",
        {
            "account_key": account_key,
            "first": points[0].session.isoformat(),
            "last": points[-1].session.isoformat(),
        },
    )
    closes = {row["session"]: row for row in rows}
    return tuple(_with_close(point, closes.get(point.session.isoformat())) for point in points)


def _with_close(point: EquityPoint, close: Row | None) -> EquityPoint:
    if close is None:
        return point
    return value_from(EquityPoint, {**close, **columns_of(point, without=tuple(close))})


def _close_of(row: Row) -> SessionClose:
    prices: Mapping[str, str] = json.loads(row["prices"])
    return value_from(SessionClose, row, prices={symbol: Decimal(price) for symbol, price in prices.items()})
