"""What the ledger has booked that a session's result is made of. It only reads."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.model.account import ActionKind, CashEvent, CashKind, Fill, Position
from tradebot.core.model.values import ZERO
from tradebot.ledger.codec import position_from, stamp, value_from
from tradebot.ledger.engine import Engine, Row

#: How far a cash event's own date may lie before the session in which it is booked or in which the money moved.
NEAR = timedelta(days=14)


class SessionRecords:
    """The booked activities of one account by session. Amounts are in USD."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def fills(self, session: date) -> tuple[Fill, ...]:
        """Every fill of a session, in the order of booking. A bust is a fill of the other side in its own session."""
        rows = self._rows("SELECT * FROM fills WHERE account_key = :account_key AND session = :session", session)
        return tuple(value_from(Fill, row) for row in rows)

    def cash_events(self, session: date) -> tuple[CashEvent, ...]:
        """The cash events of a session, of the two weeks before it and of all days since."""
        return tuple(value_from(CashEvent, row) for row in self._cash_rows(session))

    def flow_booked_after(self, session: date, at: datetime) -> Decimal:
        """Deposits less withdrawals, of the days that ``cash_events`` covers, that were booked after ``at``."""
        booked = (row for row in self._cash_rows(session) if row["booked_at"] > stamp(at))
        return sum((Decimal(row["amount"]) for row in booked if CashKind(row["kind"]).is_external), ZERO)

    def positions(self, session: date) -> tuple[Position, ...]:
        """The broker's positions as last seen in a session."""
        rows = self._rows("SELECT * FROM positions WHERE account_key = :account_key AND session = :session", session)
        return tuple(position_from(row) for row in rows)

    def split(self, session: date) -> frozenset[str]:
        """The symbols that were split in a session."""
        select = "SELECT symbol FROM corporate_actions WHERE account_key = :account_key AND session = :session"
        return frozenset(row["symbol"] for row in self._rows(select, session))

    def is_reorganised(self, session: date) -> bool:
        """Whether shares became others or ended for cash in a session. A change of name is none of these."""
        select = "SELECT kind FROM reorganisations WHERE account_key = :account_key AND session = :session"
        return any(row["kind"] != ActionKind.NAME_CHANGE for row in self._rows(select, session))

    def _cash_rows(self, session: date) -> list[Row]:
        between = "account_key = :account_key AND session >= :first"
        return self._rows(f"SELECT * FROM cash_events WHERE {between} ORDER BY seq", session)

    def _rows(self, sql: str, session: date) -> list[Row]:
        of_session = {"session": session.isoformat(), "first": (session - NEAR).isoformat()}
        return self._engine.all(sql, {"account_key": self._account_key, **of_session})
