"""The chain heads outside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradebot.errors import LedgerError
from tradebot.home import chain_heads
from tradebot.home.chain_heads import Head

A, B = "a" * 64, "b" * 64


def test_heads_are_read_back_in_order_and_the_newest_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ledger_heads"
    assert chain_heads.read(path) == ()
    assert chain_heads.newest(path) is None
    for number in range(1, 30):
        chain_heads.append(path, number, A)
    chain_heads.append(path, 30, B)
    assert chain_heads.newest(path) == Head(30, B)
    assert chain_heads.read(path) == (*(Head(number, A) for number in range(1, 30)), Head(30, B))


def test_the_newest_head_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    chain_heads.append(path, 1, A)
    chain_heads.append(path, 1, A)
    assert chain_heads.read(path) == (Head(1, A),)


def test_a_line_torn_by_a_crash_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    chain_heads.append(path, 1, A)
    with path.open("a") as file:
        file.write("2 bbbb")
    assert chain_heads.newest(path) == Head(1, A)


def test_heads_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    path = tmp_path / "ledger_heads"
    path.mkdir()
    for look in (chain_heads.newest, chain_heads.read):
        with pytest.raises(LedgerError, match="cannot be read"):
            look(path)
