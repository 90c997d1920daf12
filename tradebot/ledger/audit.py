"""The audit trail: every write, in order, each row hashed together with the hash of the row before it.

A row that belongs to an append-only table leaves its digest in the trail, so that a changed, deleted or slipped-in
row shows up against it (verify.py). Whoever can rewrite the whole file can also rewrite the whole chain; that is why
its head is logged outside the database too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.codec import canonical_json, stamp
from tradebot.ledger.engine import Engine, Row, Value

#: The hash before the first row's.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Chained:
    """An append-only table whose rows are digested one by one; ``key`` names a row within its account."""

    table: str
    key: str
    kind: AuditKind


FILLS = Chained("fills", "fill_id", AuditKind.FILL_BOOKED)
CASH_EVENTS = Chained("cash_events", "event_id", AuditKind.CASH_BOOKED)
SPLITS = Chained("corporate_actions", "event_id", AuditKind.SPLIT_BOOKED)
ADJUSTMENTS = Chained("adjustments", "adjustment_id", AuditKind.ADJUSTMENT_BOOKED)
TRADES = Chained("trades", "trade_id", AuditKind.TRADE_CLOSED)
EQUITY = Chained("equity", "seq", AuditKind.EQUITY_RECORDED)
MISSED = Chained("missed", "turn", AuditKind.JOB_MISSED)
ALERTS = Chained("alerts", "seq", AuditKind.ALERT_RAISED)
STRATEGY_SESSIONS = Chained("strategy_sessions", "seq", AuditKind.STRATEGY_SPOKE)
#: The tables that say what changed what the account holds, in which every row has a number.
ACTIVITIES = (FILLS, CASH_EVENTS, SPLITS, ADJUSTMENTS)
CHAINED = (*ACTIVITIES, TRADES, EQUITY, ALERTS, MISSED, STRATEGY_SESSIONS)


def digest_of(row: Mapping[str, Value]) -> str:
    """SHA-256 over a row. Columns without a value are left out, so that a later version may add some."""
    return _sha256({name: value for name, value in row.items() if value is not None})


def digest_of_all(rows: Sequence[Mapping[str, Value]]) -> str:
    """SHA-256 over a batch of rows, in order."""
    return _sha256([digest_of(row) for row in rows])


def hash_of(row: Row) -> str:
    """SHA-256 over an audit row, the hash of the row before it included."""
    return _sha256([row[c] for c in ("seq", "at", "account_key", "kind", "subject", "detail", "digest", "prev_hash")])


def head(engine: Engine) -> tuple[int, str]:
    """The number and the hash of the newest audit row; 0 and GENESIS when there is none."""
    row = engine.one("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    return (row["seq"], row["hash"]) if row else (0, GENESIS)


class Trail:
    """The audit trail, written on behalf of one account. Append inside the transaction of what is told."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self.account_key = account_key

    def append(self, kind: str, subject: str, at: datetime, detail: Mapping[str, object], digest: str = "") -> None:
        """Add one row to the chain."""
        last, previous = head(self._engine)
        row: dict[str, Value] = {
            "seq": last + 1,
            "at": stamp(at),
            "account_key": self.account_key,
            "kind": kind,
            "subject": subject,
            "detail": canonical_json(detail),
            "digest": digest,
            "prev_hash": previous,
        }
        self._engine.insert("audit", {**row, "hash": hash_of(row)})

    def record(self, chained: Chained, columns: Mapping[str, Value], at: datetime) -> bool:
        """Insert a row into an append-only table and its digest into the chain; False when it is there already."""
        row = {"account_key": self.account_key, **columns}
        inserted = self._engine.insert(chained.table, row, "ON CONFLICT DO NOTHING RETURNING seq")
        if inserted is None:
            return False
        row["seq"] = inserted["seq"]
        self.append(chained.kind, str(row[chained.key]), at, row, digest_of(row))
        return True


def _sha256(content: Mapping[str, object] | Sequence[object]) -> str:
    return sha256(canonical_json(content).encode()).hexdigest()
