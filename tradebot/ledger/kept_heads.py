"""What the ledger knows of the chain heads that are stored outside it.

A head is noted in the audit trail after it was stored, so that a crash between the two leaves no note of a head that is
nowhere. A head that is noted and gone was removed by somebody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tradebot.core.model.halts import HaltRule
from tradebot.core.results.audit_events import RESTORED, AuditKind
from tradebot.ledger.audit import AuditTrail, Head
from tradebot.ledger.engine import Engine

#: The halts whose end settles that heads are gone: a state folder that was lost took them with it.
_SETTLING = (HaltRule.CHAIN_HEADS, HaltRule.UNREADABLE)
#: The condition is that of the index audit_heads.
_NOTES = "SELECT kind, subject, detail FROM audit WHERE kind IN ('head_kept', 'halt_cleared', 'restored') ORDER BY seq"


@dataclass(slots=True)
class NotedHeads:
    """The heads that have to lie outside the ledger, by the rows of the audit trail so far."""

    hashes: dict[int, str] = field(default_factory=dict)  # hash by number

    def apply(self, kind: str, subject: str, detail: str) -> None:
        """Follow one row of the trail. The loss of earlier heads is settled where a person resumed or restored."""
        if kind == AuditKind.HEAD_KEPT:
            self.hashes[int(subject)] = json.loads(detail)["hash"]
        elif kind == RESTORED or (kind == AuditKind.HALT_CLEARED and subject in _SETTLING):
            self.hashes.clear()

    def missing(self, outside: Iterable[Head]) -> tuple[Head, ...]:
        """The noted heads that are not among those ``outside``, oldest first."""
        there = set(outside)
        return tuple(head for head in self.hashes.items() if head not in there)


def noted_heads(engine: Engine) -> NotedHeads:
    """The heads that the ledger knows to lie outside it."""
    noted = NotedHeads()
    for row in engine.all(_NOTES):
        noted.apply(row["kind"], row["subject"], row["detail"])
    return noted


def note_head(engine: Engine, head: Head) -> None:
    """Note that a head is stored outside. The row has the time and the account of the newest one.

    Raises LedgerError.
    """
    with engine.transaction():
        newest = engine.one("SELECT at, account_key FROM audit ORDER BY seq DESC LIMIT 1")
        assert newest is not None, "the head is that of a row"
        at = datetime.fromisoformat(newest["at"])
        trail = AuditTrail(engine, newest["account_key"])
        trail.append(AuditKind.HEAD_KEPT, str(head[0]), at, {"hash": head[1]})
