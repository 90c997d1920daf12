"""The homes that use a ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tradebot.ledger.database import Database

NOW = datetime(2026, 1, 2, 14, 35, tzinfo=UTC)


def test_homes_are_stored_by_id_and_may_move(database: Database) -> None:
    assert database.homes.paths() == {}
    assert not database.homes.has_runs()
    database.homes.add("a", "/home/a", NOW)
    database.homes.add("b", "/home/b", NOW)
    database.homes.add("a", "/elsewhere", NOW)
    assert database.homes.paths() == {"a": "/elsewhere", "b": "/home/b"}


def test_homes_are_numbered_in_the_order_of_their_coming(database: Database) -> None:
    assert database.homes.number("b") is None
    database.homes.add("b", "/home/b", NOW)
    database.homes.add("c", "/home/c", NOW)
    database.homes.add("a", "/home/a", NOW + timedelta(minutes=1))
    database.homes.add("b", "/home/moved", NOW + timedelta(minutes=2))
    assert [database.homes.number(home) for home in ("b", "c", "a", "d")] == [1, 2, 3, None]
