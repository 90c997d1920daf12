"""Every row of a ledger goes to another one, on the same engine or the other, and is compared with its copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.postgres import PostgresServer
from tests.ledger.conftest import ACCOUNT
from tradebot.errors import LedgerError
from tradebot.ledger.copy_rows import compare, copy_everything
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.verify import verify_ledger


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A ledger without a row, on each engine."""
    if request.param == "sqlite":
        with closing(open_database(tmp_path / "copy.db", create=True)) as target:
            yield target
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    with server.copy_of(template) as place, closing(open_database(place, create=False)) as target:
        yield target


def test_every_row_goes_to_either_engine(database: Database, busy: AccountLedger, empty: Database) -> None:
    with database.engine.snapshot(), empty.engine.transaction():
        copy_everything(database.engine, empty.engine)
    assert empty.heads() == database.heads()
    assert verify_ledger(empty) == ()


def test_a_row_that_is_not_copied_as_it_is_is_refused() -> None:
    rows = [(1, "a"), (2, "b")]
    assert compare("fills", iter(rows), iter(rows)) == 2
    for copy in (rows[:1], [*rows, (3, "c")], [(1, "a"), (2, "B")]):
        with pytest.raises(LedgerError, match="of fills was not copied as it is"):
            compare("fills", iter(rows), iter(copy))


def test_an_account_that_lives_elsewhere_takes_no_row_until_it_is_back(database: Database, busy: AccountLedger) -> None:
    at = busy.orders.moved_at(busy.orders.unsettled()[0].client_order_id)
    busy.moves.move("postgresql://db.example/tradebot", at)
    assert database.bind(ACCOUNT).moves.place() == "postgresql://db.example/tradebot"
    with pytest.raises(LedgerError, match="the account lives in another ledger"):
        busy.decisions.note("drill", "late", at, {})
    for change in ("UPDATE moves SET place = ''", "DELETE FROM moves"):
        with pytest.raises(LedgerError, match="moves is append-only"):
            database.engine.execute(change)
    busy.moves.move("", at)
    busy.decisions.note("drill", "back", at, {})
    assert verify_ledger(database) == ()
