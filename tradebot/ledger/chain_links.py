"""The links of the hash chain: each row of the audit trail follows from the row before it."""

from __future__ import annotations

from collections.abc import Iterator

from tradebot.ledger.audit import GENESIS, hash_of_columns
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding

_TRAIL = (
    "SELECT seq, at, account_key, kind, subject, detail, digest, prev_hash, hash FROM audit"
    " WHERE seq <= :last ORDER BY seq"
)


def check_links(engine: Engine, last: int) -> Iterator[Finding]:
    """Check the number, the predecessor and the hash of each row up to ``last``."""
    before, previous = 0, GENESIS
    for seq, at, account, kind, subject, detail, digest, prev_hash, hashed in engine.tuples(_TRAIL, last=last):
        if seq != before + 1:
            yield Finding("audit", f"row {seq}", f"rows {before + 1} to {seq - 1} before it are gone")
        elif prev_hash != previous:
            yield Finding("audit", f"row {seq}", "does not follow from the row before it")
        if hash_of_columns(seq, at, account, kind, subject, detail, digest, prev_hash) != hashed:
            yield Finding("audit", f"row {seq}", f"was changed ({kind} {subject})")
        before, previous = seq, hashed
