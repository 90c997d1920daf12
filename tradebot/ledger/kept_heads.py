"""What the ledger knows of the chain heads that are stored outside it.

A head is noted in the audit trail after it was stored, so that a crash between the two leaves no note of a head that is
nowhere. A head that is noted and gone was removed by somebody. Homes that share a ledger keep their own, of the
accounts that they trade.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tradebot.core.model.halts import HaltRule
from tradebot.core.results.audit_events import RESTORED, AuditKind
from tradebot.ledger.audit import AuditTrail, Head, chain_starts
from tradebot.ledger.engine import Engine

#: The condition is that of the index audit_heads.
_NOTES = (
    "SELECT seq, account_key, kind, subject, detail FROM audit"
    " WHERE kind IN ('head_kept', 'halt_cleared', 'restored') ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class _Noted:
    """The note that a head lies in a home."""

    account: str  # whose row it is
    at: int  # number of that row


@dataclass(slots=True)
class NotedHeads:
    """The heads that have to lie outside the ledger, by the rows of the audit trail so far."""

    starts: Mapping[str, Head] = field(default_factory=dict)  # of the accounts that had a common chain
    heads: dict[tuple[Head, int], _Noted] = field(default_factory=dict)  # by head and home

    def apply(self, account: str, seq: int, kind: str, subject: str, detail: str) -> None:
        """Follow one row of the trail. The loss of earlier heads is settled where a person resumed or restored."""
        if kind == AuditKind.HEAD_KEPT:
            columns = json.loads(detail)
            self.heads[(int(subject), columns["hash"]), columns["home"]] = _Noted(account, seq)
        elif kind == RESTORED or (kind == AuditKind.HALT_CLEARED and subject == HaltRule.CHAIN_HEADS):
            self.heads = {key: each for key, each in self.heads.items() if not self._settles(account, seq, each)}

    def _settles(self, account: str, seq: int, noted: _Noted) -> bool:
        """Whether a row settles the loss of a head: one of the same account, or in the common chain of both."""
        in_common = all(
            at <= self.starts.get(each, (0, ""))[0] for each, at in ((account, seq), (noted.account, noted.at))
        )
        return noted.at < seq and (noted.account == account or in_common)

    def missing(self, outside: Iterable[Head], home: int | None, account: str | None = None) -> tuple[Head, ...]:
        """The noted heads of a home that are not among those ``outside``, oldest first; of every home for None.

        ``account``: only those that this account noted.
        """
        there = set(outside)
        return tuple(
            head
            for (head, at), noted in self.heads.items()
            if home in (None, at) and account in (None, noted.account) and head not in there
        )


def noted_heads(engine: Engine) -> NotedHeads:
    """The heads that the ledger knows to lie outside it."""
    noted = NotedHeads(chain_starts(engine))
    for row in engine.all(_NOTES):
        noted.apply(row["account_key"], row["seq"], row["kind"], row["subject"], row["detail"])
    return noted


def note_head(engine: Engine, trail: AuditTrail, head: Head, home: int) -> None:
    """Note in an account's trail that its head is stored in a home. The row has the time of the newest one.

    ``home``: its number, not its id, so that two replays write the same ledger. Raises LedgerError.
    """
    with engine.transaction():
        newest = engine.one(
            "SELECT at FROM audit WHERE account_key = :account_key ORDER BY seq DESC LIMIT 1",
            {"account_key": trail.account_key},
        )
        assert newest is not None, "the head is that of a row"
        at = datetime.fromisoformat(newest["at"])
        trail.append(AuditKind.HEAD_KEPT, str(head[0]), at, {"hash": head[1], "home": home})
