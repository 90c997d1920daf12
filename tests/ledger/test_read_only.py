"""A ledger that is only looked at is never written, and needs no folder that can be."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tradebot.errors import LedgerBusy, LedgerError
from tradebot.ledger.database import open_database
from tradebot.ledger.read_only import open_read_only

needs_rights = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows protects folders in another way")


@pytest.fixture
def ledger() -> Iterator[Path]:
    """A ledger in a folder that every user may look into."""
    with tempfile.TemporaryDirectory(prefix="tradebot-") as name:
        folder = Path(name)
        path = folder / "ledger.db"
        open_database(path, create=True).close()
        path.chmod(0o644)
        folder.chmod(0o755)
        yield path


@pytest.fixture
def close_folder(ledger: Path) -> Iterator[Callable[[], None]]:
    """Takes the right to write in the ledger's folder away. A superuser becomes another user for the test."""
    superuser = os.geteuid() == 0

    def closed() -> None:
        ledger.parent.chmod(0o555)
        if superuser:
            os.seteuid(65534)

    yield closed
    if superuser:
        os.seteuid(0)
    ledger.parent.chmod(0o755)


def test_no_statement_writes(ledger: Path) -> None:
    with open_read_only(ledger) as database, pytest.raises(LedgerError, match="cannot be written"):
        database.engine.execute("DELETE FROM accounts")


@needs_rights
def test_a_folder_that_cannot_be_written_gets_no_file(ledger: Path, close_folder: Callable[[], None]) -> None:
    close_folder()
    with open_read_only(ledger) as database:
        assert database.engine.all("SELECT * FROM accounts") == []
        assert database.engine.damage() == []
        with closing(database.engine.reopened()) as another:
            assert another.all("SELECT * FROM accounts") == []
        with pytest.raises(LedgerError, match="cannot be written"):
            database.engine.execute("DELETE FROM accounts")
        assert [each.name for each in ledger.parent.iterdir()] == ["ledger.db"]


@needs_rights
def test_what_another_user_writes_meanwhile_is_told(ledger: Path, close_folder: Callable[[], None]) -> None:
    with closing(sqlite3.connect(ledger)) as writer:
        close_folder()
        with pytest.raises(LedgerBusy, match="was written while it was read"), open_read_only(ledger):
            if os.getuid() == 0:
                os.seteuid(0)
            ledger.parent.chmod(0o755)
            writer.execute("PRAGMA user_version = 6")
            writer.commit()


@needs_rights
def test_one_of_an_older_version_is_not_migrated_there(ledger: Path, close_folder: Callable[[], None]) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA journal_mode = DELETE")
    close_folder()
    with pytest.raises(LedgerError, match="copy the home to where it can be"), open_read_only(ledger):
        pass
