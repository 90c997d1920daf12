"""The decisions of every run, and notes in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import AuditTrail, digest_of_all
from tradebot.ledger.codec import columns_of, to_column, value_from
from tradebot.ledger.engine import Engine, Value
from tradebot.ledger.numbers import next_number

_WITHIN = "account_key = :account_key AND session >= :first AND session <= :last"


class DecisionLog:
    """The decisions of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def store(self, run_id: int, rows: Sequence[DecisionRow]) -> None:
        """Store the decisions of a run. One audit row carries their digest, since a run may decide on thousands."""
        if not rows:
            return
        with self._engine.transaction():
            first = next_number(self._engine, "decisions", self._trail.account_key)
            columns: list[dict[str, Value]] = [
                {"seq": seq, **self._account, "run_id": run_id, **columns_of(row)}
                for seq, row in enumerate(rows, start=first)
            ]
            self._engine.insert_many("decisions", columns)
            span = {"first": first, "last": first + len(rows) - 1}
            digest = digest_of_all(columns, self._trail.account)
            self._trail.append(AuditKind.DECIDED, str(run_id), rows[-1].at, span, digest)

    def note(self, kind: str, subject: str, at: datetime, detail: Mapping[str, Any]) -> None:
        """Append a note to the audit trail. ``detail`` holds no secret.

        Raises ValueError for an AuditKind, which the ledger alone writes.
        """
        if kind in set(AuditKind):
            raise ValueError(f"audit rows of kind {kind} are written by the ledger itself")
        with self._engine.transaction():
            self._trail.append(kind, subject, at, detail)

    def between(self, symbol: str | None, first: date | None, last: date | None) -> tuple[DecisionRow, ...]:
        """The decisions of one symbol or of all, in order; ``first`` and ``last`` are sessions, both included."""
        of_symbol = "" if symbol is None else " AND symbol = :symbol"
        rows = self._engine.all(
            f"SELECT * FROM decisions WHERE {_WITHIN}{of_symbol} ORDER BY seq",
            {**self._bounds(first, last), "symbol": symbol},
        )
        return tuple(value_from(DecisionRow, row) for row in rows)

    def denial_counts(self, first: date | None, last: date | None) -> dict[str, int]:
        """The number of denials by code; ``first`` and ``last`` are sessions, both included."""
        rows = self._engine.all(
            f"SELECT code, COUNT(*) AS times FROM denials WHERE {_WITHIN} GROUP BY code ORDER BY code",
            self._bounds(first, last),
        )
        return {row["code"]: row["times"] for row in rows}

    def _bounds(self, first: date | None, last: date | None) -> dict[str, Value]:
        return {**self._account, "first": to_column(first or date.min), "last": to_column(last or date.max)}
