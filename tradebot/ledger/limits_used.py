"""How far each limit was used in each session, against its setting then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.limits import LimitUsed
from tradebot.ledger.audit import LIMITS_USED, AuditTrail
from tradebot.ledger.codec import canonical_json, to_column
from tradebot.ledger.engine import Engine


class LimitsUsed:
    """The use of one account's limits."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail

    def store(self, session: date, uses: Iterable[LimitUsed], at: datetime) -> None:
        """Append what one look found; nothing where there is nothing."""
        used = {each.setting: (to_column(each.used), to_column(each.limit)) for each in uses}
        if used:
            row = {"session": to_column(session), "at": to_column(at), "used": canonical_json(used)}
            with self._engine.transaction():
                self._trail.record(LIMITS_USED, row, at)

    def between(self, first: date | None, last: date | None) -> Iterator[tuple[date, LimitUsed]]:
        """The uses of the sessions from ``first`` to ``last``, in order. One row is in memory at a time."""
        rows = self._engine.each(
            "SELECT session, used FROM limits_used WHERE account_key = :account_key"
            " AND session >= :first AND session <= :last ORDER BY seq",
            {
                "account_key": self._trail.account_key,
                "first": to_column(first or date.min),
                "last": to_column(last or date.max),
            },
        )
        for row in rows:
            session = date.fromisoformat(row["session"])
            for setting, (used, limit) in json.loads(row["used"]).items():
                yield session, LimitUsed(setting, Decimal(used), Decimal(limit))
