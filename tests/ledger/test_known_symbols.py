"""The symbols of a ledger are read beside any lock, and nothing is left beside the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tradebot.errors import LedgerError
from tradebot.ledger.known_symbols import known_symbols


def test_the_symbols_of_all_accounts_are_read_while_another_process_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE accounts (account_key TEXT)")
        other.execute("CREATE TABLE decisions (account_key TEXT, symbol TEXT)")
        other.executemany("INSERT INTO accounts VALUES (?)", [("a",), ("b",)])
        rows = [("a", "MSFT"), ("a", "AAPL"), ("a", "MSFT"), ("b", "BRK.B")]
        other.executemany("INSERT INTO decisions VALUES (?, ?)", rows)
        other.execute("BEGIN EXCLUSIVE")
        assert known_symbols(path) == ("AAPL", "MSFT", "BRK.B")
        assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_what_is_no_ledger_is_an_error_and_makes_none(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LedgerError):
        known_symbols(path)
    assert path.exists() is (content is not None)
