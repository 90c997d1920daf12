"""Rows changed, deleted and slipped in with SQLite's own shell, tails cut off, older copies: `verify` names the row."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.fakes.cli import Ended
from tests.stories.processes.conftest import Machine

_NEWEST = "(SELECT MAX(seq) FROM {})"


def tamper(machine: Machine, statement: str) -> None:
    """Change the ledger as an intruder does: the guards are taken off first, and put back so that nothing shows."""
    with closing(sqlite3.connect(machine.ledger)) as ledger:
        guards = ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    off = [f"DROP TRIGGER {name}" for name, _ in guards]
    script = ";\n".join((*off, statement, *(sql for _, sql in guards), ""))
    shell = shutil.which("sqlite3")
    if shell is None:
        with closing(sqlite3.connect(machine.ledger)) as ledger:
            ledger.executescript(script)
    else:
        subprocess.run([shell, "-bail", machine.ledger], input=script, text=True, check=True, timeout=60)


def verified(machine: Machine) -> Ended:
    """What `verify` says, which has to be that something is wrong."""
    ended = machine("verify", "--json")
    assert ended.code == 10, ended.out
    assert ended.json["exit_codes"] == [10]
    return ended


@pytest.mark.parametrize(
    ("statement", "row", "words"),
    [
        ("UPDATE fills SET price = '1' WHERE symbol = 'AAPL'", "fills A-", "was changed: price is 1, was 78.96"),
        ("DELETE FROM fills WHERE symbol = 'MSFT'", "fills A-", "is gone; the audit trail has it"),
        (
            "INSERT INTO fills (account_key, number, fill_id, broker_order_id, client_order_id, symbol, side, quantity,"
            " price, fee, at, session, strategy, booked_at) SELECT account_key, 99, 'A-99', broker_order_id,"
            " client_order_id, symbol, side, quantity, price, fee, at, session, strategy, booked_at FROM fills LIMIT 1",
            "fills A-99",
            "was put in from outside",
        ),
        ("UPDATE equity SET equity = '200000' WHERE seq = 1", "equity 1", "was changed: equity is 200000, was 1"),
        ("DELETE FROM equity WHERE seq = 1", "equity 1", "is gone; the audit trail has it"),
        (
            "INSERT INTO equity (account_key, session, at, equity, cash, long_value, short_value, last_equity,"
            " unprotected) SELECT account_key, session, at, '200000', cash, long_value, short_value, last_equity,"
            " unprotected FROM equity LIMIT 1",
            r"equity \d+",
            "was put in from outside",
        ),
        ("UPDATE audit SET detail = '{}' WHERE seq = 7", "audit row 7", "was changed"),
        ("DELETE FROM audit WHERE seq = 7", "audit row 8", "rows 7 to 7 before it are gone"),
        (
            "INSERT INTO audit SELECT seq + 1, at, account_key, kind, subject, detail, digest, hash, hash FROM audit"
            f" WHERE seq = {_NEWEST.format('audit')}",
            r"audit row \d+",
            "was changed",
        ),
    ],
    ids=[f"{table}-{how}" for table in ("fills", "equity", "audit") for how in ("changed", "deleted", "inserted")],
)
def test_a_row_that_was_touched_is_found_and_named(traded: Machine, statement: str, row: str, words: str) -> None:
    assert traded("verify").code == 0
    tamper(traded, statement)
    found = "; ".join(f"{each['table']} {each['row']}: {each['message']}" for each in verified(traded).json["findings"])
    assert re.match(rf"{row}\S*: {re.escape(words)}", found), found


def test_guards_that_were_taken_off_are_missed(traded: Machine) -> None:
    with closing(sqlite3.connect(traded.ledger)) as ledger:
        ledger.execute("DROP TRIGGER equity_no_update")
    (finding,) = verified(traded).json["findings"]
    assert (finding["table"], finding["message"]) == (
        "equity",
        "the trigger that refuses UPDATE is gone or was changed",
    )


def test_a_tail_that_was_cut_off_is_missed_even_where_it_leaves_no_gap(traded: Machine) -> None:
    tamper(traded, f"DELETE FROM audit WHERE seq = {_NEWEST.format('audit')}")
    (finding,) = verified(traded).json["findings"]
    assert finding["table"] == "audit"
    assert "it was cut off or rewritten" in finding["message"]
    assert traded("run-daily").code == 10


def test_an_older_copy_of_the_whole_file_is_refused(traded: Machine) -> None:
    older = traded.ledger.read_bytes()
    assert traded("paper", "next").code == 0
    assert traded("run-daily").code == 0
    traded.ledger.write_bytes(older)
    assert "it was cut off or rewritten" in verified(traded).json["findings"][0]["message"]
    ended = traded("run-daily", "--json")
    assert ended.code == 10
    assert "an older copy was put in its place" in ended.json["error"]
