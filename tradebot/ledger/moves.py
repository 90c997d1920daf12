"""Where an account lives: here, or in the ledger that this one was copied to."""

from __future__ import annotations

from datetime import datetime

from tradebot.ledger.audit import MOVES, AuditTrail
from tradebot.ledger.codec import stamp
from tradebot.ledger.engine import Engine


class Moves:
    """The moves of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail

    def place(self) -> str:
        """Where the account lives, as it may be shown; "" for here."""
        row = self._engine.one(
            "SELECT place FROM moves WHERE account_key = :account_key ORDER BY seq DESC LIMIT 1",
            {"account_key": self._trail.account_key},
        )
        return row["place"] if row else ""

    def move(self, place: str, at: datetime) -> None:
        """Close the account here: nothing is written about it any more. "" opens it again."""
        with self._engine.transaction():
            self._trail.record(MOVES, {"place": place, "at": stamp(at)}, at)
