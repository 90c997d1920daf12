"""The opening of an account in the ledger: made once, read as it was made, and a forged one is found."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.fakes.chain import linked
from tests.ledger.conftest import HOME, opened
from tests.ledger.unguarded import unguarded
from tradebot.ledger.audit import GENESIS, digest_of
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.packed_hashes import packed, unpacked
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def findings(database: Database) -> list[str]:
    return [f"{found.table}: {found.message}" for found in verify_ledger(database)]


def test_only_an_account_that_is_new_here_begins_with_an_opening(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin("alpaca:live:NEW"), opening_due=True)
    database.pinned_accounts.pin(HOME, some.pin("alpaca:paper:REBUILT"))
    assert database.bind("alpaca:live:NEW").openings.is_due()
    assert not database.bind("alpaca:paper:REBUILT").openings.is_due()


def test_it_is_stored_with_what_it_explains_and_read_as_it_was_made(database: Database, some: Samples) -> None:
    ledger = opened(database, some)
    assert ledger.openings.opening() == some.opening()
    assert not ledger.openings.is_due()
    assert (ledger.books.cash(), ledger.books.cursor(), ledger.books.peak()) == (Decimal(1000), "A-9", Decimal(1260))
    (lot,) = ledger.books.lots()
    assert (lot.strategy, lot.symbol, lot.quantity, lot.price) == ("foreign", "AAPL", Decimal(10), Decimal(25))
    assert ledger.books.holdings() == ()
    assert findings(database) == []


def test_it_is_made_once(database: Database, some: Samples) -> None:
    ledger = opened(database, some)
    head = database.head(ledger.account_key)
    with pytest.raises(ValueError, match="not due"):
        ledger.openings.make(some.opening(), [], some.opening_point())
    database.pinned_accounts.pin(HOME, some.pin("alpaca:live:OTHER"), opening_due=True)
    database.pinned_accounts.pin(HOME, some.pin("alpaca:live:OPENED"), opening_due=True)
    assert not ledger.openings.is_due()
    assert head != database.head(ledger.account_key)
    assert findings(database) == []


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("cash", "9000", "not what the account's first bookings explain"),
        ("positions", "[]", "not what the account's first bookings explain"),
        ("equity", "9000", "not the account's first equity point"),
        ("positions", '[{"symbol":"AAPL"}]', "cannot be understood"),
    ],
)
def test_one_that_was_forged_with_its_digest_is_found(
    database: Database, some: Samples, column: str, value: str, message: str
) -> None:
    ledger = opened(database, some)
    forge(database, ledger, column, value)
    assert any(message in found for found in findings(database))


@pytest.mark.parametrize("state", ["none", "due"])
def test_an_account_that_says_it_has_none_is_found(database: Database, some: Samples, state: str) -> None:
    opened(database, some)
    database.engine.execute(f"UPDATE accounts SET opening = '{state}' WHERE history = 'alpaca:live:OPENED'")
    assert findings(database) == [f"accounts: its opening is {state}, and one is stored"]


def test_an_account_with_bookings_whose_opening_is_said_to_be_due_is_found(
    database: Database, busy: AccountLedger
) -> None:
    database.engine.execute(f"UPDATE accounts SET opening = 'due' WHERE history = '{busy.account_key}'")
    assert findings(database) == ["accounts: its opening is due, and activities are booked"]


def forge(database: Database, ledger: AccountLedger, column: str, value: str) -> None:
    """Change the opening with its digest, and hash the chain anew."""
    engine = database.engine
    with unguarded(engine):
        engine.execute(f"UPDATE openings SET {column} = '{value}'")
        (row,) = engine.all("SELECT * FROM openings")
        digest = packed(digest_of(row, ledger.account_key))
        engine.execute(f"UPDATE audit SET digest = '{digest}' WHERE kind = 'account_opened'")
        previous, of_account = GENESIS, {"account_key": row["account_key"]}
        for entry in engine.all("SELECT * FROM audit WHERE account_key = :account_key ORDER BY seq", of_account):
            link = linked(entry, ledger.account_key, previous)
            previous = unpacked(link["hash"])
            engine.execute(
                f"UPDATE audit SET prev_hash = '{link['prev_hash']}', hash = '{link['hash']}'"
                f" WHERE seq = {entry['seq']} AND account_key = :account_key",
                of_account,
            )
