"""Which account belongs to a broker and mode."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database as SqliteFile

from tests.ledger.conftest import ACCOUNT, HOME
from tradebot.ledger.codec import stamp
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.engine import APPLICATION_ID
from tradebot.ledger.homes import NO_HOME
from tradebot.ledger.migrations import migrations

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_the_pinned_account_is_given_back(database: Database, some: Samples) -> None:
    assert database.pinned_accounts.pinned(HOME, "paper", "paper") == some.pin(some.account)


def test_another_broker_or_mode_has_no_pin(database: Database) -> None:
    assert database.pinned_accounts.pinned(HOME, "alpaca", "paper") is None
    assert database.pinned_accounts.pinned(HOME, "paper", "live") is None


def test_pinning_again_changes_nothing(database: Database, some: Samples) -> None:
    head = database.head(ACCOUNT)
    database.pinned_accounts.pin(HOME, some.pin(some.account))
    assert database.head(ACCOUNT) == head


def test_a_new_pin_takes_the_place_of_the_old_one_and_may_be_taken_back(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin(some.other_account))
    assert database.pinned_accounts.pinned(HOME, "paper", "paper") == some.pin(some.other_account)
    database.pinned_accounts.pin(HOME, some.pin(some.account))
    assert database.pinned_accounts.pinned(HOME, "paper", "paper") == some.pin(some.account)


def test_a_pin_leaves_the_pins_of_other_brokers(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin("alpaca:live:123"))
    assert database.pinned_accounts.pinned(HOME, "paper", "paper") == some.pin(some.account)
    assert database.pinned_accounts.pinned(HOME, "alpaca", "live") == some.pin("alpaca:live:123")


def test_each_home_has_pins_of_its_own(database: Database, some: Samples) -> None:
    pins = database.pinned_accounts
    pins.pin("other", some.pin(some.other_account))
    pins.pin("third", some.pin(some.account))
    assert pins.pinned(HOME, "paper", "paper") == pins.pinned("third", "paper", "paper") == some.pin(some.account)
    assert pins.of_home("other") == (some.pin(some.other_account),)
    assert pins.homes_of(some.account) == (HOME, "third")


@pytest.mark.parametrize(
    ("homes", "pins"),
    [
        ((), {(NO_HOME, "paper:paper:1"), (NO_HOME, "alpaca:live:2")}),
        (("a",), {("a", "paper:paper:1"), ("a", "alpaca:live:2")}),
        (("a", "b", "c"), {("a", "paper:paper:1"), ("b", "paper:paper:1"), ("b", "alpaca:live:2")}),
    ],
)
def test_each_home_of_before_keeps_the_accounts_that_it_used(
    path: Path, some: Samples, homes: tuple[str, ...], pins: set[tuple[str, str]]
) -> None:
    """The heads of the first account lie in the homes 1 and 2, those of the second in home 2."""
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        migrations.apply(SqliteFile(old, execute_plugins=False), stop_before="m0008_many_accounts")
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute("PRAGMA user_version = 7")
        for key, pinned in (("paper:paper:1", 1), ("alpaca:live:2", 1), ("paper:paper:0", 0)):
            columns = (key, *key.split(":"), stamp(some.at), pinned)
            old.execute(
                "INSERT INTO accounts (account_key, broker, mode, account_id, pinned_at, pinned) VALUES (?,?,?,?,?,?)",
                columns,
            )
        for number, home_id in enumerate(homes):
            since = stamp(some.at + timedelta(minutes=number))
            old.execute("INSERT INTO homes (home_id, path, since) VALUES (?, ?, ?)", (home_id, f"/{home_id}", since))
        for seq, (key, number) in enumerate((("paper:paper:1", 1), ("paper:paper:1", 2), ("alpaca:live:2", 2)), 1):
            old.execute(
                "INSERT INTO audit (seq, at, account_key, kind, subject, detail, digest, prev_hash, hash)"
                " VALUES (?, ?, ?, 'head_kept', '1', ?, '', '', ?)",
                (seq, stamp(some.at), key, f'{{"hash":"x","home":{number}}}', str(seq)),
            )
    with closing(open_database(path, create=False)) as database:
        rows = database.engine.all("SELECT home_id, account FROM v_pins")
    assert {(row["home_id"], row["account"]) for row in rows} == pins
