"""A copy of an exchange's file: as of one moment, and without a change to the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tradebot.brokers.paper.copied_file import copy_exchange
from tradebot.errors import BrokerUnavailable


def test_a_copy_has_what_is_committed_and_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path, copy = tmp_path / "exchange.db", tmp_path / "copies" / "exchange.db"
    copy.parent.mkdir()
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (n)")
        writer.commit()
    before = path.read_bytes()
    copy_exchange(path, copy)
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copies", "exchange.db"]
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        writer.execute("INSERT INTO t VALUES (2)")
        copy_exchange(path, copy)
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    path.write_text("no database", encoding="utf-8")
    with pytest.raises(BrokerUnavailable, match=r"cannot be read.*paper reset"):
        copy_exchange(path, tmp_path / "copy.db")
