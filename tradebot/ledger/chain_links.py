"""The links of the hash chains: each row of the audit trail follows from the row before it.

The rows of a common chain of several accounts come first, then those of each account.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from tradebot.ledger.audit import GENESIS, Head, chain_starts, hash_of_columns
from tradebot.ledger.engine import Engine
from tradebot.ledger.findings import Finding
from tradebot.ledger.packed_hashes import unpacked
from tradebot.ledger.row_keys import histories, owners

_COLUMNS = "seq, at, account_key, kind, subject, detail, digest, prev_hash, hash"
_COMMON = (
    "SELECT audit.seq, at, audit.account_key, kind, subject, detail, digest, prev_hash, audit.hash"
    " FROM audit JOIN chain_starts AS start ON start.account_key = audit.account_key AND audit.seq <= start.seq"
    " ORDER BY audit.seq"
)
_OWN = f"SELECT {_COLUMNS} FROM audit WHERE account_key = :account AND seq > :first AND seq <= :last ORDER BY seq"
_Row = tuple[int, str, str, str, str, str, str, str, str]


def check_links(engine: Engine, heads: Mapping[str, Head]) -> Iterator[Finding]:
    """Check the number, the predecessor and the hash of each row up to the head of its history in ``heads``."""
    starts, own, names = chain_starts(engine), owners(engine), histories(engine)
    if starts:
        end = yield from _check(engine.tuples(_COMMON), own, (0, GENESIS), "")
        for key, start in starts.items():
            if start != end:
                yield Finding(
                    "chain_starts", names[key], f"begins at row {start[0]}, and the common chain ends at row {end[0]}"
                )
    for key, (last, _) in heads.items():
        first = starts.get(key, (0, GENESIS))
        rows = engine.tuples(_OWN, account=key, first=first[0], last=last)
        yield from _check(rows, own, first, f" of {names[key]}" if len(heads) > 1 else "")


def _check(rows: Iterator[_Row], own: Mapping[str, str], first: Head, whose: str) -> Generator[Finding, None, Head]:
    """Check rows that follow ``first``; returns the last of them. ``own``: the account's own key by that of a row."""
    (before, previous), is_sound = first, True
    for seq, at, key, kind, subject, detail, digest, stored_before, stored in rows:
        hashed, prev_hash = unpacked(stored), unpacked(stored_before)
        is_next = seq == before + 1
        if not is_next:
            yield Finding("audit", f"row {seq}{whose}", f"rows {before + 1} to {seq - 1} before it are gone")
        elif prev_hash not in ("", previous):  # which the rows of earlier versions repeat
            yield Finding("audit", f"row {seq}{whose}", "does not follow from the row before it")
        followed = prev_hash or previous
        same = hash_of_columns(seq, at, own[key], kind, subject, detail, unpacked(digest), followed) == hashed
        if not same and (prev_hash or is_next):
            what = "was changed" if prev_hash or is_sound else "was changed, or does not follow from the row before it"
            yield Finding("audit", f"row {seq}{whose}", f"{what} ({kind} {subject})")
        is_sound = same
        before, previous = seq, hashed
    return before, previous
