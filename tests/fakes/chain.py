"""Links of the hash chain, for tests that forge a history or write one as an earlier version did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tradebot.ledger.audit import HASHED, hash_of_columns
from tradebot.ledger.packed_hashes import packed, unpacked


def linked(row: Mapping[str, Any], account: str, previous: str) -> dict[str, Any]:
    """An audit row as it is stored, hashed after the row with the hash ``previous``. ``account``: its own key."""
    hashed = {**row, "account_key": account, "digest": unpacked(row["digest"]), "prev_hash": previous}
    own_hash = hash_of_columns(*(hashed[name] for name in HASHED))
    return {**row, "digest": packed(hashed["digest"]), "prev_hash": packed(previous), "hash": packed(own_hash)}
