"""The chain heads outside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.errors import LedgerError
from tradebot.home import chain_heads
from tradebot.home.chain_heads import ChainHead

A, B = "a" * 64, "b" * 64


def test_heads_are_read_back_in_order_and_the_newest_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ledger_heads"
    assert chain_heads.read_heads(path) == ()
    assert chain_heads.newest_head(path) is None
    for number in range(1, 30):
        chain_heads.append_head(path, number, A)
    chain_heads.append_head(path, 30, B)
    assert chain_heads.newest_head(path) == ChainHead(30, B)
    assert chain_heads.read_heads(path) == (*(ChainHead(number, A) for number in range(1, 30)), ChainHead(30, B))


def test_the_newest_head_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    chain_heads.append_head(path, 1, A)
    chain_heads.append_head(path, 1, A)
    assert chain_heads.read_heads(path) == (ChainHead(1, A),)


def test_wherever_a_line_is_torn_it_is_left_out_and_the_next_head_counts(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    chain_heads.append_head(path, 1, A)
    torn = f"23 {B}"
    for length in range(len(torn) + 1):
        path.write_text(f"1 {A}\n{torn[:length]}")
        heads = (ChainHead(1, A), ChainHead(23, B)) if length == len(torn) else (ChainHead(1, A),)
        assert (chain_heads.read_heads(path), chain_heads.newest_head(path)) == (heads, heads[-1])
        chain_heads.append_head(path, 45, B)
        assert (chain_heads.read_heads(path), chain_heads.newest_head(path)) == (
            (*heads, ChainHead(45, B)),
            ChainHead(45, B),
        )


def test_heads_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    path.mkdir()
    for look in (chain_heads.newest_head, chain_heads.read_heads):
        with pytest.raises(LedgerError, match="cannot be read"):
            look(path)


@pytest.mark.parametrize("line", [f"x {A}", f"-1 {A}", A, f"1 {A} 2", "\ufffd\x00"])
def test_a_damaged_line_is_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "ledger_heads"
    path.write_text(f"1 {A}\n{line}\n2 {B}\n{line}\n", encoding="utf-8")
    assert chain_heads.read_heads(path) == (ChainHead(1, A), ChainHead(2, B))
