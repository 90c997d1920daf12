"""The audit trail as it is read: what happened, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class AuditKind(StrEnum):
    """The kinds of audit rows that the ledger writes itself. Jobs note other kinds of their own."""

    ACCOUNT_PINNED = "account_pinned"
    RUN_BEGAN = "run_began"
    RUN_ENDED = "run_ended"
    INTENT_WRITTEN = "intent_written"
    INTENT_REWRITTEN = "intent_rewritten"  # one that was never sent, decided again in its session
    ORDER_MOVED = "order_moved"
    ORDER_SEEN = "order_seen"
    FILL_BOOKED = "fill_booked"
    CASH_BOOKED = "cash_booked"
    SPLIT_BOOKED = "split_booked"
    ADJUSTMENT_BOOKED = "adjustment_booked"
    BUST_UNKNOWN = "bust_unknown"  # the exchange took back a fill that the ledger never had
    TRADE_CLOSED = "trade_closed"
    HOLDING_CHANGED = "holding_changed"
    HOLDING_ENDED = "holding_ended"
    EQUITY_RECORDED = "equity_recorded"
    PEAK_MOVED = "peak_moved"
    PEAK_REBASED = "peak_rebased"
    HALT_LATCHED = "halt_latched"
    HALT_CLEARED = "halt_cleared"
    BREAK_OPENED = "break_opened"
    BREAK_CHANGED = "break_changed"
    BREAK_CLOSED = "break_closed"
    DECIDED = "decided"
    STRATEGY_SPOKE = "strategy_spoke"
    ALERT_RAISED = "alert_raised"
    JOB_MISSED = "job_missed"


#: The kind of the rows in which a job notes what an emergency stop did.
EMERGENCY_STOP = "emergency_stop"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of the trail. ``at`` is desk time; ``detail`` holds what was written, in the ledger's own form."""

    at: datetime
    kind: str
    subject: str
    detail: Mapping[str, Any]

    def text(self, name: str) -> str:
        """One of the details as text, "" where there is none."""
        value = self.detail.get(name)
        return "" if value is None else str(value)
