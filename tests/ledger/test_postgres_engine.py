"""The seam over PostgreSQL: transactions, errors that say what to do, and commits whose answer is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests.fakes.cut_connection import Cut, CutConnection
from tests.fakes.postgres import PostgresServer
from tests.ledger.conftest import ACCOUNT, Samples
from tradebot.errors import LedgerBusy, LedgerError, Locked
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.postgres_engine import PostgresEngine
from tradebot.ledger.row_keys import FIRST
from tradebot.ledger.verify import verify_ledger
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.server_url import read_server


@pytest.fixture
def engine(pinned_postgres_ledger: LedgerServer) -> Iterator[PostgresEngine]:
    engine = PostgresEngine(pinned_postgres_ledger, busy_seconds=0.3)
    engine.execute("CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT COLLATE \"C\" NOT NULL CHECK (text <> ''))")
    yield engine
    engine.close()


def note(engine: PostgresEngine, number: int, text: str = "x") -> None:
    engine.execute("INSERT INTO notes VALUES (:number, :text)", {"number": number, "text": text})


def notes(engine: PostgresEngine) -> list[int]:
    return [row["id"] for row in engine.all("SELECT id FROM notes ORDER BY id")]


def backend(engine: PostgresEngine) -> int:
    return int(engine.all("SELECT pg_backend_pid() AS pid")[0]["pid"])


def test_a_step_that_fails_undoes_its_own_and_the_outer_one_goes_on(engine: PostgresEngine) -> None:
    with engine.transaction():
        note(engine, 1)
        with pytest.raises(LedgerError, match=r"refused a row.*Nothing of this step"), engine.transaction():
            note(engine, 2)
            note(engine, 3, "")
        note(engine, 4)
    assert notes(engine) == [1, 4]


def test_an_error_that_somebody_swallowed_does_not_pass_for_a_commit(engine: PostgresEngine) -> None:
    with pytest.raises(LedgerError, match="undid the step"), engine.transaction():
        note(engine, 1)
        with pytest.raises(LedgerError):
            note(engine, 1)
    assert notes(engine) == []
    note(engine, 2)


def test_rows_are_streamed_inside_a_snapshot_and_outside(engine: PostgresEngine) -> None:
    engine.insert_many("notes", [{"id": number, "text": "x"} for number in range(4500)])
    assert sum(1 for _ in engine.tuples("SELECT id FROM notes")) == 4500
    with engine.snapshot(), closing(engine.reopened()) as other:
        rows = engine.each("SELECT id FROM notes ORDER BY id")
        assert next(rows) == {"id": 0}
        note(other, 5000)
        assert sum(1 for _ in rows) == 4499
        assert len(notes(engine)) == 4500
    assert len(notes(engine)) == 4501


def test_a_mistake_in_a_statement_is_a_bug_and_not_the_ledgers(engine: PostgresEngine) -> None:
    for sql in ("SELEC 1", "SELECT nothing FROM notes", "SELECT :missing"):
        with pytest.raises(psycopg.Error):
            engine.all(sql)


def test_writers_of_an_account_wait_for_each_other_and_those_of_another_do_not(
    engine: PostgresEngine, some: Samples
) -> None:
    with closing(engine.reopened()) as other, engine.of_account(FIRST).transaction():
        with pytest.raises(LedgerBusy, match="is busy"), other.of_account(FIRST).transaction():
            pass
        with other.of_account(some.other_account).transaction():
            note(other, 1)
    assert notes(engine) == [1]
    with pytest.raises(RuntimeError):
        engine.lock_account(FIRST)


def test_a_lock_that_was_taken_in_an_undone_part_is_taken_again(engine: PostgresEngine, some: Samples) -> None:
    with closing(engine.reopened()) as other, engine.transaction():
        with pytest.raises(ZeroDivisionError), engine.transaction():
            engine.lock_account(FIRST)
            raise ZeroDivisionError
        engine.lock_account(FIRST)
        with pytest.raises(LedgerBusy), other.of_account(FIRST).transaction():
            pass


def test_what_is_only_looked_at_cannot_be_written(engine: PostgresEngine) -> None:
    engine.refuse_writes()
    with pytest.raises(LedgerError, match="read-only"):
        note(engine, 1)
    assert notes(engine) == []


def test_a_statement_that_takes_too_long_is_given_up(engine: PostgresEngine) -> None:
    engine.execute("SET statement_timeout = 50")
    with pytest.raises(LedgerError, match="took too long"):
        engine.all("SELECT pg_sleep(5)")
    engine.execute("SET idle_in_transaction_session_timeout = 50")
    with pytest.raises(LedgerError, match=r"held open for too long|cut off"), engine.transaction():
        with closing(engine.reopened()) as other:
            other.all("SELECT pg_sleep(0.3)")
        note(engine, 1)


def test_a_backend_that_is_ended_between_two_statements_leaves_nothing(
    engine: PostgresEngine, postgres: PostgresServer
) -> None:
    with pytest.raises(LedgerError, match="cut off"), engine.transaction():
        note(engine, 1)
        postgres.execute(f"SELECT pg_terminate_backend({backend(engine)}, 5000)")
        note(engine, 2)
    with closing(engine.reopened()) as again:
        assert notes(again) == []


@pytest.mark.parametrize("cut", Cut)
def test_a_commit_whose_answer_is_lost_is_looked_up(
    pinned_postgres_ledger: LedgerServer, postgres: PostgresServer, some: Samples, cut: Cut
) -> None:
    name = pinned_postgres_ledger.url.reveal().rpartition("/")[2]
    way = CutConnection(postgres.port, b"COMMIT\0", cut)
    server = read_server(f"postgresql://postgres@127.0.0.1:{way.port}/{name}")
    with closing(way), closing(open_database(server, create=False)) as database:
        ledger = database.bind(some.account)
        if cut is Cut.AFTER:
            ledger.decisions.note("drill", "stored", some.at, {})
            ledger.decisions.note("drill", "after", some.at, {})
        else:
            with pytest.raises(LedgerError, match="Nothing of this step was stored"):
                ledger.decisions.note("drill", "lost", some.at, {})
        assert way.was_cut
    with closing(open_database(pinned_postgres_ledger, create=False)) as database:
        told = [row["subject"] for row in database.engine.all("SELECT subject FROM audit WHERE kind = 'drill'")]
        assert told == (["stored", "after"] if cut is Cut.AFTER else [])
        assert verify_ledger(database) == ()


def test_a_hold_whose_connection_is_lost_is_lost_with_the_ledger_and_another_run_has_it_only_if_it_took_it(
    pinned_postgres_ledger: LedgerServer, postgres: PostgresServer, some: Samples
) -> None:
    def opened() -> PostgresEngine:
        return PostgresEngine(pinned_postgres_ledger, busy_seconds=0.3)

    with closing(opened()) as engine:
        hold = engine.hold_account(some.account)
        assert hold is not None
        postgres.execute(f"SELECT pg_terminate_backend({backend(engine)}, 5000)")
        with pytest.raises(LedgerError, match=r"connection .* was lost\. Nothing more is sent"):
            hold.assert_held()

    name = pinned_postgres_ledger.url.reveal().rpartition("/")[2]
    for taken in (False, True):
        way = CutConnection(postgres.port, b"COMMIT\0", Cut.AFTER)
        server = read_server(f"postgresql://postgres@127.0.0.1:{way.port}/{name}")
        with closing(way), closing(PostgresEngine(server, busy_seconds=0.3)) as engine, closing(opened()) as other:
            hold = engine.hold_account(some.account)
            assert hold is not None
            with engine.transaction():
                engine.execute("SELECT 1")
            assert way.was_cut
            if taken:
                engine.end_account_hold(some.account)
                assert other.hold_account(some.account) is not None
                with pytest.raises(Locked, match="another run has taken"):
                    hold.assert_held()
            else:
                hold.assert_held()
                assert other.hold_account(some.account) is None, "it was taken again"
                hold.release()


def test_a_server_that_is_restarted_ends_the_job_and_keeps_what_it_stored(
    pinned_postgres_ledger: LedgerServer, postgres: PostgresServer, some: Samples
) -> None:
    with closing(open_database(pinned_postgres_ledger, create=False)) as database:
        ledger = database.bind(some.account)
        ledger.decisions.note("drill", "before", some.at, {})
        postgres.stop()
        with pytest.raises(LedgerError, match="cut off"):
            ledger.decisions.note("drill", "meanwhile", some.at, {})
        with pytest.raises(LedgerError, match="cannot be reached"):
            open_database(pinned_postgres_ledger, create=False)
        postgres.start()
    with closing(open_database(pinned_postgres_ledger, create=False)) as database:
        assert verify_ledger(database) == ()
        assert database.engine.all("SELECT subject FROM audit WHERE kind = 'drill'") == [{"subject": "before"}]


def test_a_guard_that_is_gone_or_was_changed_is_found(location: LedgerServer, database: Database) -> None:
    engine = database.engine
    if not isinstance(engine, PostgresEngine):
        return
    assert database.head(ACCOUNT)
    engine.execute("ALTER TABLE fills DISABLE TRIGGER fills_no_delete")
    engine.execute("DROP TRIGGER equity_no_truncate ON equity")
    found = [str(finding) for finding in verify_ledger(database)]
    assert found == [
        "fills: the trigger that refuses DELETE is gone or was changed",
        "equity: the trigger that refuses TRUNCATE is gone or was changed",
    ]
