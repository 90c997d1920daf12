"""The chain heads outside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.errors import LedgerError
from tradebot.home import chain_heads
from tradebot.home.chain_heads import ChainHead

A, B = "a" * 64, "b" * 64
ONE, OTHER = "01234567", "89abcdef"


def test_heads_are_read_back_in_order_and_the_newest_of_each_account(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ledger_heads"
    assert chain_heads.read_heads(path) == ()
    assert chain_heads.newest_heads(path) == {}
    heads = [*(ChainHead(number, A, ONE) for number in range(1, 30)), ChainHead(1, B, OTHER), ChainHead(30, B, ONE)]
    for head in heads:
        chain_heads.append_head(path, head)
    assert chain_heads.newest_heads(path) == {ONE: ChainHead(30, B, ONE), OTHER: ChainHead(1, B, OTHER)}
    assert chain_heads.read_heads(path) == tuple(heads)


def test_the_newest_head_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    written = [chain_heads.append_head(path, ChainHead(1, A, account)) for account in (ONE, OTHER, ONE, OTHER)]
    assert written == [True, True, False, False]
    assert chain_heads.read_heads(path) == (ChainHead(1, A, ONE), ChainHead(1, A, OTHER))


def test_the_newest_line_of_an_earlier_version_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    path.write_text(f"1 {A}\n")
    assert not chain_heads.append_head(path, ChainHead(1, A, ONE))
    assert chain_heads.newest_heads(path) == {"": ChainHead(1, A)}


def test_wherever_a_line_is_torn_it_is_left_out_and_the_next_head_counts(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    torn, without_account = f"23 {B} {ONE}", len(f"23 {B}")
    for length in range(len(torn) + 1):
        path.write_text(f"1 {A} {ONE}\n{torn[:length]}")
        heads = [ChainHead(1, A, ONE)]
        if length == len(torn):
            heads.append(ChainHead(23, B, ONE))
        elif length - without_account in (0, 1):  # as an earlier version wrote it
            heads.append(ChainHead(23, B))
        assert chain_heads.read_heads(path) == tuple(heads)
        chain_heads.append_head(path, ChainHead(45, B, ONE))
        assert chain_heads.read_heads(path) == (*heads, ChainHead(45, B, ONE))


def test_heads_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    path.mkdir()
    for look in (chain_heads.newest_heads, chain_heads.read_heads):
        with pytest.raises(LedgerError, match="cannot be read"):
            look(path)


@pytest.mark.parametrize("line", [f"x {A}", f"-1 {A}", A, f"1 {A} 2", f"1 {A} {ONE} 2", "\ufffd\x00"])
def test_a_damaged_line_is_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "ledger_heads"
    path.write_text(f"1 {A}\n{line}\n2 {B}\n{line}\n", encoding="utf-8")
    assert chain_heads.read_heads(path) == (ChainHead(1, A), ChainHead(2, B))
