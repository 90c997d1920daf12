"""What the ledger knows of the chain heads that are stored outside it.

A head is noted in the audit trail after it was stored, so that a crash between the two leaves no note of a head that is
nowhere. A head that is noted and gone was removed by somebody. Homes that share a ledger keep their own.
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

#: The condition is that of the index audit_heads.
_NOTES = "SELECT kind, subject, detail FROM audit WHERE kind IN ('head_kept', 'halt_cleared', 'restored') ORDER BY seq"


@dataclass(slots=True)
class NotedHeads:
    """The heads that have to lie outside the ledger, by the rows of the audit trail so far."""

    hashes: dict[tuple[int, int], str] = field(default_factory=dict)  # hash by number and home

    def apply(self, kind: str, subject: str, detail: str) -> None:
        """Follow one row of the trail. The loss of earlier heads is settled where a person resumed or restored."""
        if kind == AuditKind.HEAD_KEPT:
            columns = json.loads(detail)
            self.hashes[int(subject), columns["home"]] = columns["hash"]
        elif kind == RESTORED or (kind == AuditKind.HALT_CLEARED and subject == HaltRule.CHAIN_HEADS):
            self.hashes.clear()

    def missing(self, outside: Iterable[Head], home: int | None) -> tuple[Head, ...]:
        """The noted heads of a home that are not among those ``outside``, oldest first; of every home for None."""
        there = set(outside)
        noted = (((seq, head), at) for (seq, at), head in self.hashes.items())
        return tuple(head for head, at in noted if home in (None, at) and head not in there)


def noted_heads(engine: Engine) -> NotedHeads:
    """The heads that the ledger knows to lie outside it."""
    noted = NotedHeads()
    for row in engine.all(_NOTES):
        noted.apply(row["kind"], row["subject"], row["detail"])
    return noted


def note_head(engine: Engine, head: Head, home: int) -> None:
    """Note that a head is stored in a home. The row has the time and the account of the newest one.

    ``home``: its number, not its id, so that two replays write the same ledger. Raises LedgerError.
    """
    with engine.transaction():
        newest = engine.one("SELECT at, account_key FROM audit ORDER BY seq DESC LIMIT 1")
        assert newest is not None, "the head is that of a row"
        at = datetime.fromisoformat(newest["at"])
        trail = AuditTrail(engine, newest["account_key"])
        trail.append(AuditKind.HEAD_KEPT, str(head[0]), at, {"hash": head[1], "home": home})
