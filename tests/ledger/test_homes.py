"""The homes that use a ledger."""

from __future__ import annotations

from datetime import UTC, datetime

from tradebot.ledger.database import Database

NOW = datetime(2026, 1, 2, 14, 35, tzinfo=UTC)


def test_homes_are_stored_by_id_and_may_move(database: Database) -> None:
    assert database.homes.paths() == {}
    assert not database.homes.has_runs()
    database.homes.add("a", "/home/a", NOW)
    database.homes.add("b", "/home/b", NOW)
    database.homes.add("a", "/elsewhere", NOW)
    assert database.homes.paths() == {"a": "/elsewhere", "b": "/home/b"}
