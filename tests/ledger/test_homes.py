"""The homes that use a ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.ledger.conftest import Samples
from tradebot.ledger.database import Database
from tradebot.ledger.homes import NO_HOME, KnownHome

NOW = datetime(2026, 1, 2, 14, 35, tzinfo=UTC)


def home(home_id: str, path: str, minutes: int = 0, host: str = "desk") -> KnownHome:
    return KnownHome(home_id, host, path, NOW + timedelta(minutes=minutes))


def test_homes_are_stored_by_id_and_may_move(database: Database) -> None:
    assert database.homes.all() == ()
    assert not database.homes.has_runs()
    for each in (home("a", "/home/a"), home("b", "/home/b"), home("a", "/elsewhere", 1, host="server")):
        database.homes.add(each)
    assert database.homes.all() == (home("a", "/elsewhere", host="server"), home("b", "/home/b"))


def test_homes_are_numbered_in_the_order_of_their_coming(database: Database) -> None:
    assert database.homes.number("b") is None
    for each in (home("b", "/b"), home("c", "/c"), home("a", "/a", 1), home("b", "/moved", 2)):
        database.homes.add(each)
    assert [database.homes.number(each) for each in ("b", "c", "a", "d")] == [1, 2, 3, None]


def test_a_home_that_no_machine_is_known_of_may_lie_on_any() -> None:
    assert home("a", "/home/a").lies_at("desk", "/home/a")
    assert not home("a", "/home/a").lies_at("server", "/home/a")
    assert home("a", "/home/a", host="").lies_at("server", "/home/a")
    assert not home("a", "/home/a", host="").lies_at("server", "/home/b")


def test_the_first_home_takes_over_pins_that_were_made_without_one(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(NO_HOME, some.pin("alpaca:live:1"))
    database.homes.add(home("a", "/home/a"))
    database.homes.add(home("b", "/home/b"))
    assert database.pinned_accounts.pinned("a", "alpaca", "live") == some.pin("alpaca:live:1")
    assert database.pinned_accounts.pinned("b", "alpaca", "live") is None


def test_a_home_under_a_new_id_keeps_its_pins(database: Database, some: Samples) -> None:
    database.homes.add(home("a", "/home/a"))
    database.pinned_accounts.pin("a", some.pin("alpaca:live:1"))
    database.homes.replace("a", home("new", "/home/a", 5))
    assert database.pinned_accounts.pinned("new", "alpaca", "live") == some.pin("alpaca:live:1")
    assert database.pinned_accounts.of_home("a") == ()
