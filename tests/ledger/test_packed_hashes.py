"""A packed hash leads back to its hex, and nothing else passes for one."""

from __future__ import annotations

import pytest

from tradebot.ledger.packed_hashes import packed, unpacked


@pytest.mark.parametrize("hashed", ["0" * 64, "f" * 64, "0123456789abcdef" * 4])
def test_a_packed_hash_leads_back(hashed: str) -> None:
    assert len(packed(hashed)) == 43
    assert unpacked(packed(hashed)) == hashed


@pytest.mark.parametrize("text", ["", "none", "x" * 64, "=" * 43, "é" * 43])
def test_what_is_no_hash_stays_as_it_is(text: str) -> None:
    assert packed(text) == unpacked(text) == text
