"""A later generation of an account stands beside the one that it replaces; both stay provable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ACCOUNT, HOME
from tradebot.core.model.history_keys import history_key
from tradebot.core.results.listings import Selection
from tradebot.errors import LedgerError
from tradebot.ledger.backup import make_backup
from tradebot.ledger.copy_rows import tables_of_rows
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.engine import Row
from tradebot.ledger.generations import newest, switch
from tradebot.ledger.homes import KnownHome
from tradebot.ledger.row_keys import FIRST, row_key_of
from tradebot.ledger.verify import verify, verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

OTHER = "alpaca:live:OPENED"


@pytest.fixture
def backup(database: Database, busy: AccountLedger, tmp_path: Path) -> Iterator[Database]:
    """A copy of the ledger from before the newest row of the account."""
    made = make_backup(database, tmp_path / "backup.db")
    with closing(open_database(made.path, create=False)) as copy:
        yield copy


def switched(source: Database, target: Database, some: Samples, *, is_sound: bool = True) -> AccountLedger:
    with target.engine.transaction():
        switch(source.engine, target.engine, ACCOUNT, "restore", some.later(5), is_sound=is_sound)
    return target.bind(ACCOUNT)


def rows_of(database: Database, history: str) -> dict[str, list[Row]]:
    select = "SELECT * FROM {} WHERE account_key = :key"
    tables, key = ("accounts", *tables_of_rows(database.engine)), row_key_of(database.engine, history)
    return {table: database.engine.all(select.format(table), {"key": key}) for table in tables}


def test_a_switch_gives_the_account_the_rows_of_the_copy(
    database: Database, busy: AccountLedger, backup: Database, some: Samples
) -> None:
    taken = rows_of(backup, ACCOUNT)
    busy.decisions.note("drill", "after the backup", some.at, {})
    busy.orders.write([some.intent("IBM")], some.at)
    old, other = rows_of(database, ACCOUNT), rows_of(database, OTHER)
    after = switched(backup, database, some)

    assert newest(database.engine, ACCOUNT).number == 2
    assert after.account_key == ACCOUNT
    new, new_key = rows_of(database, history_key(ACCOUNT, 2)), newest(database.engine, ACCOUNT).row_key
    for table, rows in taken.items():
        moved = {"account_key": new_key} | ({"history": history_key(ACCOUNT, 2)} if table == "accounts" else {})
        assert [{**row, **moved} for row in rows] == new[table][: len(rows)], table
    still = rows_of(database, ACCOUNT)
    posts = [rows.pop("alert_posts") for rows in (old, still)]
    assert (still, rows_of(database, OTHER)) == (old, other)
    assert [[post["state"] for post in of_account] for of_account in posts] == [["waiting"], ["kept"]]
    assert after.orders.get(some.intent("IBM").client_order_id) is None
    stored = after.orders.get(some.intent("AAPL").client_order_id)
    assert stored is not None
    assert stored.account_key == ACCOUNT
    after.orders.write([some.intent("IBM")], some.at)
    after.decisions.note("drill", "on the new history", some.at, {})
    assert verify_ledger(database) == ()
    assert database.head(ACCOUNT)[0] == backup.head(ACCOUNT)[0] + 3


def test_views_show_the_newest_rows_alone_under_the_accounts_own_key(
    database: Database, busy: AccountLedger, backup: Database, some: Samples
) -> None:
    shared = resources.files("tradebot.ledger").joinpath("schema/shared/0008_3_views.sql").read_text(encoding="utf-8")
    views = {name for name in re.findall(r"CREATE VIEW (\w+)", shared) if name.startswith("v_")} | {"v_limits_used"}

    def shown() -> dict[str, list[str]]:
        select = database.engine.all
        return {view: sorted(str(row) for row in select(f"SELECT * FROM {view}")) for view in views - {"v_generations"}}

    before, listed = shown(), busy.listings.fills(Selection(), None)
    assert {view for view, rows in before.items() if not rows} == {"v_chain_starts", "v_homes", "v_moves"}
    for _ in range(2):
        after = switched(backup, database, some)
        assert shown() == before
    assert after.listings.fills(Selection(), None) == listed
    fills = database.engine.all("SELECT fill_id, reverses FROM v_fills WHERE account = :key", {"key": ACCOUNT})
    gone = {row["reverses"] for row in fills} | {row["fill_id"] for row in fills if row["reverses"]}
    standing = [row["fill_id"] for row in fills if row["fill_id"] not in gone]
    assert sorted(standing) == sorted(line.fill_id for line in listed)
    after.orders.write([some.intent("IBM")], some.at)
    assert len(database.engine.all("SELECT * FROM v_orders")) == len(before["v_orders"]) + 1


def test_the_old_history_takes_no_row_any_more(
    database: Database, busy: AccountLedger, backup: Database, some: Samples
) -> None:
    switched(backup, database, some)
    with pytest.raises(LedgerError, match="was replaced by a newer one"):
        busy.decisions.note("drill", "late", some.at, {})
    for change in ("UPDATE generations SET why = 'rebuild'", "DELETE FROM generations"):
        with pytest.raises(LedgerError, match="generations is append-only"):
            database.engine.execute(change)


def test_pins_are_told_in_the_newest_history(database: Database, backup: Database, some: Samples) -> None:
    switched(backup, database, some)
    third = KnownHome("third", "server", "/srv/bot", some.at)
    database.pinned_accounts.pin(third.home_id, some.pin(ACCOUNT))
    assert database.pinned_accounts.forget_home(third, "sold", some.at) == (some.pin(ACCOUNT),)
    assert database.pinned_accounts.of_home(third.home_id) == ()
    assert database.pinned_accounts.homes_of(ACCOUNT) == (HOME,)
    assert verify_ledger(database) == ()


def test_a_third_generation_follows_the_second(database: Database, backup: Database, some: Samples) -> None:
    switched(backup, database, some)
    switched(database, backup, some)  # generation 2 of the one is generation 2 of the other
    third = switched(backup, database, some)
    third.decisions.note("drill", "on the third", some.at, {})
    assert newest(database.engine, ACCOUNT).number == 4
    assert verify_ledger(database) == ()
    assert verify_ledger(backup) == ()


def test_an_account_that_is_not_known_begins_with_the_copy(backup: Database, tmp_path: Path, some: Samples) -> None:
    with closing(open_database(tmp_path / "empty.db", create=True)) as empty:
        ledger = switched(backup, empty, some)
        assert newest(empty.engine, ACCOUNT).number == 1
        assert empty.heads() == {ACCOUNT: backup.head(ACCOUNT)}
        ledger.decisions.note("drill", "", some.at, {})
        assert verify_ledger(empty) == ()


@pytest.mark.parametrize("is_sound", [False, True])
def test_a_history_that_was_unsound_when_it_was_replaced_is_not_found_again(
    database: Database, busy: AccountLedger, backup: Database, some: Samples, is_sound: bool
) -> None:
    database.engine.execute("UPDATE runs SET summary = 'another' WHERE account_key = :key", {"key": FIRST})
    head = database.head(ACCOUNT)
    assert len(verify_ledger(database)) == 1
    assert verify(database, only=[newest(database.engine, OTHER).row_key]).findings == ()
    switched(backup, database, some, is_sound=is_sound)
    assert len(verify(database, [head]).findings) == int(is_sound)


def test_a_switch_that_fails_changes_nothing(
    database: Database, busy: AccountLedger, backup: Database, some: Samples
) -> None:
    backup.engine.execute("UPDATE holdings SET quantity = quantity")
    before = rows_of(database, ACCOUNT)
    with pytest.raises(ZeroDivisionError), database.engine.transaction():
        switch(backup.engine, database.engine, ACCOUNT, "rebuild", some.at, is_sound=True)
        raise ZeroDivisionError
    assert newest(database.engine, ACCOUNT).number == 1
    assert rows_of(database, ACCOUNT) == before
    assert rows_of(database, history_key(ACCOUNT, 2))["accounts"] == []
