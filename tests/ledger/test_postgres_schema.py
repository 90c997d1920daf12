"""The schema on a server: made once, by whoever may, with rights for a writer and a reader."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from tests.fakes.postgres import PostgresServer
from tests.ledger.conftest import HOME, Samples
from tradebot.errors import LedgerError
from tradebot.ledger.database import SCHEMA_VERSION, open_database
from tradebot.ledger.postgres_engine import PostgresEngine
from tradebot.ledger.postgres_schema import READER
from tradebot.settings.server_url import read_server


def test_both_engines_have_the_same_tables_columns_and_views(
    postgres: PostgresServer, postgres_template: str, tmp_path: Path
) -> None:
    here, there = tmp_path / "ledger.db", read_server(postgres.url(postgres.database(postgres_template)))
    with closing(open_database(here, create=True)) as one, closing(open_database(there, create=False)) as other:
        assert one.engine.tables() == other.engine.tables()
        for table in one.engine.tables():
            assert sorted(one.engine.columns(table)) == sorted(other.engine.columns(table)), table
        views = {
            row["name"] for row in other.engine.all("SELECT viewname AS name FROM pg_views WHERE schemaname = 'public'")
        }
        with closing(sqlite3.connect(here)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
        assert views == names
        text = "SELECT COUNT(*) AS others FROM information_schema.columns WHERE table_schema = 'public'"
        kept = " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name IN"
        tables = ", ".join(f"'{table}'" for table in one.engine.tables())
        assert other.engine.all(f"{text}{kept} ({tables})") == [{"others": 0}]


def test_several_processes_make_it_once(postgres: PostgresServer) -> None:
    server = read_server(postgres.url(postgres.database()))
    faults: list[LedgerError] = []

    def make() -> None:
        try:
            open_database(server, create=True).close()
        except LedgerError as error:
            faults.append(error)

    makers = [Thread(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert faults == []
    with closing(open_database(server, create=False)) as database:
        assert database.engine.version() == SCHEMA_VERSION


def test_a_database_without_tables_or_of_another_program_is_refused(postgres: PostgresServer) -> None:
    name = postgres.database()
    with pytest.raises(LedgerError, match="is empty"):
        open_database(read_server(postgres.url(name)), create=False)
    postgres.execute("CREATE TABLE theirs (id BIGINT)", name)
    with pytest.raises(LedgerError, match="of another program"):
        open_database(read_server(postgres.url(name)), create=True)


def test_a_writer_without_ddl_writes_and_a_reader_only_looks(postgres: PostgresServer, some: Samples) -> None:
    name = postgres.database()
    postgres.execute("CREATE ROLE plain LOGIN")
    writer = read_server(postgres.url(name, user="plain"))
    with pytest.raises(LedgerError, match=r"has no tables yet.*init-db"):
        open_database(writer, create=True)
    with closing(open_database(read_server(postgres.url(name)), create=True)) as database:
        assert isinstance(database.engine, PostgresEngine)
        database.engine.grant("plain", "")
        database.engine.grant("made_here", "w0rd-2345")
    with closing(open_database(writer, create=False)) as database:
        database.pinned_accounts.pin(HOME, some.pin(some.account))
        database.bind(some.account).decisions.note("drill", "written", some.at, {})
        for sql in ("CREATE TABLE more (id BIGINT)", "DROP TABLE fills", "UPDATE _versions SET version = 99"):
            with pytest.raises(LedgerError, match="refuses this user"):
                database.engine.execute(sql)
        with pytest.raises(LedgerError, match="append-only"):
            database.engine.execute("DELETE FROM audit")
    postgres.execute(f"CREATE ROLE looker LOGIN; GRANT {READER} TO looker")
    with closing(open_database(read_server(postgres.url(name, user="looker")), create=False)) as database:
        assert database.engine.all("SELECT kind FROM audit WHERE kind = 'drill'") == [{"kind": "drill"}]
        assert database.engine.all("SELECT * FROM v_fills") == []
        with pytest.raises(LedgerError, match="refuses this user"):
            database.engine.execute("DELETE FROM homes")
    postgres.execute("DELETE FROM _versions WHERE version > 8", name)
    with pytest.raises(LedgerError, match="is of version 8, and this program needs"):
        open_database(writer, create=False)
