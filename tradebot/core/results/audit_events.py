"""Audit events as read from the ledger's audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class AuditKind(StrEnum):
    """Kinds of audit rows that the ledger writes itself. Jobs add rows of further kinds."""

    ACCOUNT_PINNED = "account_pinned"
    ACCOUNT_OPENED = "account_opened"  # with the broker's statement at first contact
    ACCOUNT_TAKEN_OVER = "account_taken_over"  # from a process that may hang, by a person
    HOME_FORGOTTEN = "home_forgotten"  # one that traded the account and is no more, by a person
    RUN_BEGAN = "run_began"
    RUN_ENDED = "run_ended"
    INTENT_WRITTEN = "intent_written"
    INTENT_REWRITTEN = "intent_rewritten"  # an unsent intent, decided again in its session
    ORDER_MOVED = "order_moved"  # its state changed
    ORDER_SEEN = "order_seen"
    FILL_BOOKED = "fill_booked"
    CASH_BOOKED = "cash_booked"
    SPLIT_BOOKED = "split_booked"
    REORGANISATION_BOOKED = "reorganisation_booked"
    ADJUSTMENT_BOOKED = "adjustment_booked"
    BUST_UNKNOWN = "bust_unknown"  # a bust of a fill that the ledger never booked
    TRADE_CLOSED = "trade_closed"
    HOLDING_CHANGED = "holding_changed"
    HOLDING_ENDED = "holding_ended"
    EQUITY_RECORDED = "equity_recorded"
    CLOSE_RECORDED = "close_recorded"  # of a session, with the closing prices
    LIMITS_USED = "limits_used"  # by one look of a job
    PEAK_MOVED = "peak_moved"
    PEAK_REBASED = "peak_rebased"
    HALT_LATCHED = "halt_latched"
    HALT_CLEARED = "halt_cleared"
    HALT_CHANGED = "halt_changed"  # how it ends, or how far that has come
    DIFFERENCE_SEEN = "difference_seen"  # by one look: not a break yet
    DIFFERENCE_GONE = "difference_gone"  # a second look did not show it
    BREAK_OPENED = "break_opened"
    BREAK_CHANGED = "break_changed"
    BREAK_CLOSED = "break_closed"
    BARE_BEGAN = "bare_began"  # shares of ours have no live stop
    BARE_ENDED = "bare_ended"
    DECIDED = "decided"
    SETTINGS_USED = "settings_used"  # limits and symbols by which entries are decided from now on
    INPUTS_USED = "inputs_used"  # what the entries of a run were decided on
    SIGNALS_GIVEN = "signals_given"  # by a strategy in a run, or its failure to give any
    STRATEGY_SPOKE = "strategy_spoke"
    STRATEGY_CHANGED = "strategy_changed"  # it spoke with a fingerprint that it did not have before
    ALERT_RAISED = "alert_raised"
    JOB_MISSED = "job_missed"
    ACCOUNT_MOVED = "account_moved"  # to the ledger that this one was copied to, or back
    GENERATION_BEGAN = "generation_began"  # of the account's history: it was made anew, or restored
    HEAD_KEPT = "head_kept"  # a chain head was stored outside the ledger


#: Kind of the rows that hold the actions of an emergency stop; the next job copies them from the stop journal.
EMERGENCY_STOP = "emergency_stop"
#: Kind of the row that notes that a backup took the ledger's place.
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of the audit trail."""

    at: datetime  # desk time, aware UTC
    kind: str  # an ``AuditKind``, or a kind of a job
    subject: str  # id of the run, order, break, ... that the row is about
    detail: Mapping[str, Any]  # decoded JSON, in the ledger's spelling

    def text(self, name: str) -> str:
        """The detail ``name`` as text; "" when absent or null."""
        value = self.detail.get(name)
        return "" if value is None else str(value)
