"""History, for reports: reads only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

from tradebot.core.account import CashEvent, Fill, SplitEvent
from tradebot.core.holdings import Trade
from tradebot.core.records import EquityPoint
from tradebot.ledger.columns import value_from
from tradebot.ledger.engine import Engine

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

_CLOSING = (
    "seq = (SELECT MAX(seq) FROM equity AS later"
    " WHERE later.account_key = point.account_key AND later.session = point.session)"
)


class History:
    """The Records port of one account. Both bounds are included; None leaves a side open."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def trades(self, first: date | None = None, last: date | None = None) -> tuple[Trade, ...]:
        """Round trips by the session that closed them, in the order in which they closed."""
        return self._between(Trade, "SELECT * FROM trades WHERE", "exit_session", first, last)

    def fills(self, first: date | None = None, last: date | None = None) -> tuple[Fill, ...]:
        """Executions in the broker's order."""
        return self._between(Fill, "SELECT * FROM fills WHERE", "session", first, last)

    def cash_events(self, first: date | None = None, last: date | None = None) -> tuple[CashEvent, ...]:
        """Cash that moved without a trade, in the broker's order."""
        return self._between(CashEvent, "SELECT * FROM cash_events WHERE", "session", first, last)

    def splits(self, first: date | None = None, last: date | None = None) -> tuple[SplitEvent, ...]:
        """Splits that the broker applied, in the broker's order."""
        return self._between(SplitEvent, "SELECT * FROM corporate_actions WHERE", "session", first, last)

    def closing_equity(self, first: date | None = None, last: date | None = None) -> tuple[EquityPoint, ...]:
        """The last equity point of each session, ascending."""
        return self._between(EquityPoint, f"SELECT * FROM equity AS point WHERE {_CLOSING} AND", "session", first, last)

    def _between(
        self, kind: type[T], select: str, session: str, first: date | None, last: date | None
    ) -> tuple[T, ...]:
        rows = self._engine.all(
            f"{select} account_key = :account_key AND {session} >= :first AND {session} <= :last ORDER BY seq",
            {
                "account_key": self._account_key,
                "first": (first or date.min).isoformat(),
                "last": (last or date.max).isoformat(),
            },
        )
        return tuple(value_from(kind, row) for row in rows)
