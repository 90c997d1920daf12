"""History is append-only, and a change made behind its back is found and named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.chain import linked
from tests.ledger.conftest import ACCOUNT, ON_A_FILE
from tests.ledger.unguarded import unguarded, without_references
from tradebot.core.model.account import CashKind
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderState
from tradebot.core.model.schedule import Job
from tradebot.errors import LedgerError
from tradebot.ledger.audit import GENESIS
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.findings import Finding
from tradebot.ledger.packed_hashes import unpacked
from tradebot.ledger.row_keys import owners
from tradebot.ledger.sqlite_engine import SqliteEngine
from tradebot.ledger.verify import APPEND_ONLY, verify, verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

Tamper = Callable[[str], None]


@pytest.fixture
def tamper(database: Database, busy: AccountLedger) -> Tamper:
    """Change rows as someone with a database browser would: guards taken off, and put back afterwards."""

    def change(sql: str) -> None:
        with unguarded(database.engine):
            assert database.engine.execute(sql) == 1

    return change


def test_history_can_be_neither_changed_nor_deleted(database: Database, busy: AccountLedger) -> None:
    verbs = ["UPDATE {} SET seq = seq + 100", "DELETE FROM {}"]
    if not isinstance(database.engine, SqliteEngine):
        verbs.append("TRUNCATE {} CASCADE")
    for table in sorted({*APPEND_ONLY} - {"generations", "moves"}):
        assert database.engine.all(f"SELECT seq FROM {table}")
        for verb in verbs:
            with pytest.raises(LedgerError, match=f"{table} is append-only"):
                database.engine.execute(verb.format(table))


def test_an_untouched_ledger_has_no_findings(database: Database, busy: AccountLedger) -> None:
    assert verify_ledger(database) == ()
    assert verify(database, known_heads=[database.head(ACCOUNT)]).findings == ()


def test_an_empty_ledger_has_no_findings(database: Database) -> None:
    assert verify_ledger(database) == ()


@pytest.mark.parametrize(
    ("sql", "table", "row", "words"),
    [
        ("UPDATE fills SET price = '20' WHERE fill_id = 'F2'", "fills", "F2", "price is 20, was 26.1"),
        ("UPDATE fills SET parent_client_order_id = 'x' WHERE fill_id = 'F2'", "fills", "F2", "was changed"),
        ("UPDATE equity SET equity = '1' WHERE seq = 2", "equity", "2", "equity is 1, was 100500"),
        ("UPDATE cash_events SET amount = '1'", "cash_events", "D1", "amount is 1, was 100000"),
        ("UPDATE corporate_actions SET ratio = '3'", "corporate_actions", "S1", "ratio is 3, was 2"),
        ("UPDATE reorganisations SET new_symbol = 'X'", "reorganisations", "R1", "new_symbol is X, was GLD"),
        ("UPDATE trades SET pnl = '800'", "trades", "F1/F2", "pnl is 800, was 8"),
        ("UPDATE decisions SET code = 'X' WHERE seq = 2", "decisions", "rows 1 to 2", "were changed"),
        (
            "UPDATE orders SET state = 'rejected' WHERE symbol = 'AAPL'",
            "orders",
            "-AAPL-",
            "the audit trail has it filled",
        ),
        ("UPDATE halts SET cleared_at = latched_at, cleared_reason = 'x'", "halts", "halt_id 1", "cleared_reason is x"),
        (
            "INSERT INTO halts (halt_id, account_key, rule, level, reason, latched_at)"
            " SELECT 2, account_key, rule, level, 'x', at"
            " FROM audit JOIN halts USING (account_key) LIMIT 1",
            "halts",
            "halt_id 2",
            "put in from outside",
        ),
        ("UPDATE breaks SET closed_at = opened_at", "breaks", "break_id 1", "the audit trail has it None"),
        ("UPDATE breaks SET severity = 'info'", "breaks", "break_id 1", "severity is info"),
        ("DELETE FROM breaks", "breaks", "break_id 1", "is gone"),
        (
            "INSERT INTO breaks SELECT 9, account_key, kind, symbol, here, there, message, first_seen, last_seen,"
            " age_sessions, severity, opened_at, closed_at, dollars, confirmed FROM breaks",
            "breaks",
            "break_id 9",
            "put in from outside",
        ),
        ("UPDATE runs SET exit_code = 7", "runs", "run_id 1", "exit_code is 7; the audit trail has it 0"),
        ("UPDATE runs SET summary = 'nothing'", "runs", "run_id 1", "it does not match its digest"),
        (
            "UPDATE runs SET status = 'running', ended_at = NULL, exit_code = NULL",
            "runs",
            "run_id 1",
            "status is running; the audit trail has it ran",
        ),
        (
            "INSERT INTO runs SELECT 9, account_key, job, session, status, exit_code, started_at, ended_at,"
            " started_wall, ended_wall, pid, summary, keeping, turn_at, home_id FROM runs",
            "runs",
            "run_id 9",
            "put in from outside",
        ),
        (
            "UPDATE bare_periods SET dollars = '1'",
            "bare_periods",
            "trend AAPL",
            "the audit trail has it 260",
        ),
        ("DELETE FROM bare_periods", "bare_periods", "trend AAPL", "is gone"),
        (
            'UPDATE limits_used SET used = \'{"MAX_POSITIONS":["2","10"]}\'',
            "limits_used",
            "1",
            "it does not match its digest",
        ),
        ("DELETE FROM limits_used", "limits_used", "1", "is gone; the audit trail has it as limits_used"),
        (
            "UPDATE orders SET sent_price = '25' WHERE symbol = 'AAPL'",
            "orders",
            "-AAPL-",
            "sent_price is 25; the audit trail has it 25.12",
        ),
        (
            "UPDATE halts SET until = '2007-01-04'",
            "halts",
            "halt_id 1",
            "until is 2007-01-04; the audit trail has it None",
        ),
        ("DELETE FROM halts", "halts", "halt_id 1", "is gone"),
        (
            "UPDATE accounts SET peak_equity = '1' WHERE broker = 'paper'",
            "accounts",
            "",
            "the equity peak is 1; the audit trail has it 100500",
        ),
        ("DELETE FROM fills WHERE fill_id = 'F2'", "fills", "F2", "is gone"),
        ("DELETE FROM equity WHERE seq = 2", "equity", "2", "is gone"),
        ("DELETE FROM decisions WHERE seq = 1", "decisions", "rows 1 to 2", "some are gone"),
        ("DELETE FROM orders WHERE symbol = 'MSFT'", "orders", "-MSFT-", "is gone"),
        ("UPDATE audit SET detail = '{}' WHERE kind = 'drill'", "audit", "row ", "was changed (drill cancel)"),
        (
            "UPDATE audit SET detail = 'x' WHERE kind = 'order_moved' AND detail LIKE '%filled%'",
            "audit",
            "row ",
            "was changed",
        ),
        (
            "UPDATE audit SET kind = 'decided', digest = '' WHERE kind = 'drill'",
            "audit",
            "row ",
            "was changed (decided",
        ),
        (
            "UPDATE audit SET prev_hash = 'x' WHERE seq = 5 AND account_key = '1'",
            "audit",
            "row 5",
            "does not follow",
        ),
        (
            "DELETE FROM audit WHERE seq = 5 AND account_key = '1'",
            "audit",
            "row 6",
            "rows 5 to 5 before it are gone",
        ),
        (
            "DELETE FROM audit WHERE seq = 1 AND account_key = '1'",
            "audit",
            "row 2",
            "rows 1 to 1 before it are gone",
        ),
        (
            "INSERT INTO fills SELECT 99, account_key, 99, 'F99', broker_order_id, client_order_id, symbol, side,"
            " quantity, price, fee, at, session, parent_client_order_id, strategy, NULL, booked_at FROM fills"
            " WHERE fill_id = 'F1'",
            "fills",
            "F99",
            "put in from outside",
        ),
        (
            "INSERT INTO equity SELECT 99, account_key, session, at, '1', cash, long_value, short_value, last_equity,"
            " unprotected FROM equity WHERE seq = 1 AND account_key = '1'",
            "equity",
            "99",
            "put in from outside",
        ),
        (
            "INSERT INTO decisions SELECT 99, account_key, run_id, session, at, strategy, symbol, purpose, outcome,"
            " code, message, value, limit_value, client_order_id, as_of, fingerprint FROM decisions WHERE seq = 1",
            "decisions",
            "row 99",
            "put in from outside",
        ),
        (
            "INSERT INTO audit SELECT 99, at, account_key, kind, subject, detail, digest, prev_hash, hash FROM audit"
            " WHERE kind = 'drill'",
            "audit",
            "row 99",
            "before it are gone",
        ),
    ],
)
def test_a_change_behind_its_back_is_found_and_named(
    database: Database, tamper: Tamper, sql: str, table: str, row: str, words: str
) -> None:
    tamper(sql)
    first = verify_ledger(database)[0]
    assert first.table == table
    assert row in first.row
    assert words in first.message


def test_a_change_of_one_row_is_one_finding(database: Database, tamper: Tamper) -> None:
    tamper("UPDATE fills SET price = '20' WHERE fill_id = 'F2'")
    (finding,) = verify_ledger(database)
    assert str(finding) == "fills F2: was changed: price is 20, was 26.1"


def test_a_halt_that_only_resume_ends_from_now_on_is_no_finding(
    busy: AccountLedger, database: Database, some: Samples
) -> None:
    halt = Halt(HaltSource.LEDGER, HaltRule.BREAKS, HaltLevel.HALTED, "apart", since=some.at, ends=HaltEnd.EXPLAINED)
    busy.halts_and_breaks.latch(halt, some.at)
    busy.halts_and_breaks.only_resume_ends_breaks(some.later(1))
    assert verify_ledger(database) == ()
    database.engine.execute("UPDATE halts SET ends = 'explained' WHERE rule = 'breaks'")
    assert "ends is explained; the audit trail has it resume" in str(verify_ledger(database)[0])


def test_a_halt_that_was_cleared_and_latched_again_is_no_finding(
    database: Database, busy: AccountLedger, some: Samples
) -> None:
    (halt,) = busy.halts_and_breaks.halts()
    busy.halts_and_breaks.clear([halt], "looked at it", some.later(2))
    assert verify_ledger(database) == ()
    busy.halts_and_breaks.latch(halt, some.later(3))
    assert verify_ledger(database) == ()


def test_a_cut_off_end_is_found_by_the_head_that_was_logged(
    database: Database, tamper: Tamper, busy: AccountLedger, some: Samples
) -> None:
    busy.decisions.note("drill", "stop", some.at, {})
    head = database.head(ACCOUNT)
    tamper("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)")
    assert verify_ledger(database) == ()
    (finding,) = verify(database, known_heads=[head]).findings
    assert head[1] in finding.message
    assert "cut off" in finding.message


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER fills_no_delete",
        "CREATE TRIGGER other BEFORE DELETE ON fills WHEN 0 BEGIN SELECT RAISE(ABORT, 'fills is append-only'); END",
    ],
)
@ON_A_FILE
def test_a_guard_that_is_gone_or_was_changed_is_found(database: Database, path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER fills_no_delete") if "CREATE" in sql else None
    connection.execute(sql)
    connection.close()
    assert verify_ledger(database) == (Finding("fills", "", "the trigger that refuses DELETE is gone or was changed"),)


@pytest.mark.parametrize("table", ["closes", "limits_used", "signals"])
def test_a_table_that_is_gone_is_found(database: Database, table: str) -> None:
    database.engine.execute(f"DROP VIEW v_{table}")
    database.engine.execute(f"DROP TABLE {table}")
    assert Finding(table, "", "the table is gone") in verify_ledger(database)


def test_a_reference_to_nothing_is_found(database: Database, busy: AccountLedger) -> None:
    with without_references(database.engine):
        database.engine.execute("UPDATE breaks SET account_key = 'nobody'")
    found = verify_ledger(database)[0]
    assert (found.table, found.message) == ("breaks", "refers to a row that is not there")


def test_a_move_that_no_order_can_make_is_found(database: Database, busy: AccountLedger, some: Samples) -> None:
    """Someone who writes the order and its audit row by the ledger's own code still cannot skip a state."""
    with database.engine.transaction():
        busy.orders.move(some.intent("MSFT").client_order_id, OrderState.SUBMITTING, some.at)
        busy.orders.move(some.intent("MSFT").client_order_id, OrderState.FILLED, some.at)
        database.engine.execute("UPDATE orders SET state = 'planned' WHERE symbol = 'MSFT'")
        busy.orders.move(some.intent("MSFT").client_order_id, OrderState.SUBMITTING, some.at)
    finding = verify_ledger(database)[0]
    assert finding.table == "audit"
    assert "cannot have gone from planned to submitting" in finding.message


def test_every_kind_of_write_leaves_its_mark(database: Database, ledger: AccountLedger, some: Samples) -> None:
    """A write that is not audited would leave the head where it was."""
    order_id = some.intent().client_order_id
    writes: list[Callable[[], object]] = [
        lambda: ledger.orders.write([some.intent()], some.at),
        lambda: ledger.orders.move(order_id, OrderState.SUBMITTING, some.at),
        lambda: ledger.orders.store_broker_orders([some.shown("B1")], some.at),
        lambda: ledger.books.book([some.cash("D1", CashKind.DEPOSIT, "1")], some.at),
        lambda: ledger.books.book([some.bought()], some.at),
        lambda: ledger.books.save_holding(replace(some.holding(), high_water=Decimal(30)), some.at),
        lambda: ledger.books.store_equity(replace(some.equity("1"), cash=ledger.books.cash() or Decimal(0)), []),
        lambda: ledger.books.rebase_peak(Decimal(5), some.at),
    ]
    heads = [database.head(ACCOUNT)]
    for write in writes:
        write()
        heads.append(database.head(ACCOUNT))
    assert len(set(heads)) == len(writes) + 1
    assert verify(database, known_heads=heads).findings == ()


def as_an_earlier_version(database: Database) -> None:
    """Write the chain anew as the version before wrote it: runs, halts and breaks without digests."""
    engine, previous, own = database.engine, dict[str, str](), owners(database.engine)
    with unguarded(engine):
        for row in engine.all("SELECT * FROM audit ORDER BY account_key, seq"):
            detail = json.loads(row["detail"])
            old = dict(row)
            if row["kind"] in _OLD_DETAILS:
                kept = {name: detail.get(name) for name in _OLD_DETAILS[row["kind"]]}
                old |= {"detail": canonical_json(kept), "digest": ""}
            account = own[row["account_key"]]
            old = linked(old, account, previous.get(account, GENESIS))
            previous[account] = unpacked(old["hash"])
            engine.execute(
                "UPDATE audit SET detail = :detail, digest = :digest, prev_hash = :prev_hash, hash = :hash"
                " WHERE account_key = :account_key AND seq = :seq",
                {name: old[name] for name in ("detail", "digest", "prev_hash", "hash", "seq", "account_key")},
            )


_HALT = ("rule", "level", "reason", "since", "session", "until", "value", "limit_value", "scope", "scope_name", "ends")
_BREAK = ("kind", "symbol", "here", "there", "message", "severity", "dollars", "confirmed", "first_seen", "last_seen")
_OLD_DETAILS = {
    "run_began": ("job", "session"),
    "run_ended": ("status", "exit_code"),
    "halt_latched": (*_HALT, "source"),
    "halt_cleared": (*_HALT, "source", "cleared_reason"),
    "difference_seen": (*_BREAK, "age_sessions"),
    "break_opened": (*_BREAK, "age_sessions"),
    "break_closed": ("first_seen", "age_sessions"),
    "difference_gone": ("first_seen", "age_sessions"),
}


@pytest.fixture
def old(busy: AccountLedger, database: Database, some: Samples) -> AccountLedger:
    """A ledger of the version before, with a halt and a break of each kind."""
    halts = busy.halts_and_breaks
    halt = Halt(HaltSource.LEDGER, HaltRule.BREAKS, HaltLevel.HALTED, "apart", since=some.at, ends=HaltEnd.RESUME)
    halts.latch(halt, some.at)
    halts.clear([halt], "looked at it", some.later(1))
    moved = Break(BreakKind.QUANTITY, "AAPL", Decimal(10), Decimal(5), "10 here, 5 there")
    for minutes, seen in enumerate(([moved], [moved], [])):
        at = some.later(minutes)
        halts.record_breaks(seen, some.session, at, first_seen_by=some.later(minutes))
    busy.runs.begin(Job.RECONCILE, some.session, some.at, some.at, 1)
    as_an_earlier_version(database)
    return busy


def test_rows_of_earlier_versions_are_sound_and_named(old: AccountLedger, database: Database, some: Samples) -> None:
    found = verify(database)
    assert (found.findings, found.not_covered) == ((), {"runs": 2, "halts": 2, "breaks": 2})

    run = old.runs.newest(Job.RECONCILE, [RunStatus.RUNNING], 1)
    old.runs.end(next(run).run_id, RunStatus.RAN, 0, some.later(1), some.later(1), "done")
    old.runs.begin(Job.RECONCILE, some.session, some.at, some.at, 1)
    old.halts_and_breaks.clear(old.halts_and_breaks.halts(), "looked at it", some.later(2))
    cash = Break(BreakKind.CASH, "", Decimal(1), Decimal(3), "cash")
    old.halts_and_breaks.record_breaks([cash], some.next_session, some.later(3), first_seen_by=some.at)
    found = verify(database)
    assert (found.findings, found.not_covered) == ((), {"runs": 1, "halts": 1, "breaks": 2}), "covered as they change"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE runs SET exit_code = 7 WHERE run_id = 1", "exit_code is 7; the audit trail has it 0"),
        ("DELETE FROM runs WHERE run_id = 2", "runs run_id 2: is gone"),
        (
            "DELETE FROM halts WHERE cleared_at IS NOT NULL",
            "1 rows of earlier versions are there, and the audit trail has 2",
        ),
        (
            "UPDATE halts SET reason = 'x' WHERE cleared_at IS NULL",
            "drawdown: is latched, and the audit trail does not",
        ),
        (
            "DELETE FROM breaks WHERE kind = 'quantity'",
            "1 rows of earlier versions are there, and the audit trail has 2",
        ),
    ],
)
def test_what_the_trail_knows_of_them_is_held_against_them(
    old: AccountLedger, database: Database, tamper: Tamper, sql: str, words: str
) -> None:
    tamper(sql)
    assert words in str(verify_ledger(database)[0])
