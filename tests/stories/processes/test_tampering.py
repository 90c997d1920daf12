"""Rows changed, deleted and slipped in with SQLite's own shell, tails cut off, older copies: `verify` names the row."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.fakes.chain import linked
from tests.fakes.cli import Ended
from tests.stories.processes.conftest import Machine, ending
from tradebot.ledger.audit import GENESIS, digest_of
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.packed_hashes import unpacked

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
            "INSERT INTO fills (seq, account_key, number, fill_id, broker_order_id, client_order_id, symbol, side,"
            " quantity, price, fee, at, session, strategy, booked_at) SELECT 99, account_key, 99, 'A-99',"
            " broker_order_id, client_order_id, symbol, side, quantity, price, fee, at, session, strategy, booked_at"
            " FROM fills LIMIT 1",
            "fills A-99",
            "was put in from outside",
        ),
        ("UPDATE equity SET equity = '200000' WHERE seq = 1", "equity 1", "was changed: equity is 200000, was 1"),
        ("DELETE FROM equity WHERE seq = 1", "equity 1", "is gone; the audit trail has it"),
        (
            "INSERT INTO equity (seq, account_key, session, at, equity, cash, long_value, short_value, last_equity,"
            " unprotected) SELECT 99, account_key, session, at, '200000', cash, long_value, short_value, last_equity,"
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


def forge_the_newest_equity(machine: Machine) -> None:
    """Change the newest equity row and its row of the trail, and hash the chain anew from there."""
    with closing(sqlite3.connect(machine.ledger, isolation_level=None)) as ledger:
        ledger.row_factory = sqlite3.Row
        guards = ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for guard in guards:
            ledger.execute(f"DROP TRIGGER {guard['name']}")
        ledger.execute(f"UPDATE equity SET equity = '123456' WHERE seq = {_NEWEST.format('equity')}")
        (row,) = map(dict, ledger.execute(f"SELECT * FROM equity WHERE seq = {_NEWEST.format('equity')}"))
        previous, (account,) = "", ledger.execute("SELECT history FROM accounts").fetchone()
        for entry in map(dict, ledger.execute("SELECT * FROM audit ORDER BY seq").fetchall()):
            if entry["kind"] == "equity_recorded" and entry["subject"] == str(row["seq"]):
                entry |= {"detail": canonical_json(row), "digest": digest_of(row, account)}
            link = linked(entry, account, previous or GENESIS)
            previous = unpacked(link["hash"])
            ledger.execute(
                "UPDATE audit SET detail = :detail, digest = :digest, prev_hash = :prev_hash, hash = :hash"
                " WHERE seq = :seq",
                link,
            )
        for guard in guards:
            ledger.execute(guard["sql"])


def test_a_chain_that_was_hashed_anew_without_its_heads_is_missed(traded: Machine) -> None:
    """The row of the table: a forged equity row, the chain hashed anew, ``state/ledger_heads`` removed."""
    forge_the_newest_equity(traded)
    heads = traded.home / "state" / "ledger_heads"
    heads.unlink()

    (finding,) = verified(traded).json["findings"]
    assert "that were stored outside the ledger are gone" in finding["message"]
    assert traded("check-exits", "--json").json["halts"][0]["rule"] == "chain_heads"


def test_heads_that_are_gone_halt_entries_until_a_person_resumes(traded: Machine) -> None:
    heads = traded.home / "state" / "ledger_heads"
    heads.unlink()
    before = traded.orders()

    ended = traded("check-exits", "--json")
    assert (ended.code, ended.json["unprotected"]) == (4, "0"), "exits and protection go on"
    assert traded("paper", "next").code == 0
    ended = traded("run-daily", "--json")
    assert ended.code == 4
    assert [order for order in traded.orders()[len(before) :] if order.startswith("buy")] == []
    (halt,) = traded("status", "--json").json["halts"]
    assert (halt["rule"], halt["level"]) == ("chain_heads", "reducing")
    assert "are gone from" in halt["reason"] or "is gone from" in halt["reason"]
    assert "are gone" in verified(traded).json["findings"][0]["message"], "the jobs' new heads do not hide it"

    assert traded("resume", "--reason", "I deleted the file myself", "--yes").code == 0
    assert traded("verify").code == 0
    assert traded("reconcile").code == 0
    assert traded("status", "--json").json["halts"] == []


@pytest.mark.parametrize("left", [slice(0, -1), slice(1, None)], ids=["the end", "the beginning"])
def test_heads_that_were_shortened_are_missed(traded: Machine, left: slice) -> None:
    assert traded("check-exits").code == 0
    heads = traded.home / "state" / "ledger_heads"
    lines = heads.read_text().splitlines()
    noted = [line for line in lines if int(line.split()[0]) in heads_noted(traded)]
    heads.write_text("".join(f"{line}\n" for line in noted[left]))
    assert "are gone" in verified(traded).json["findings"][0]["message"]
    assert traded("reconcile").code == 4


def heads_noted(machine: Machine) -> set[int]:
    """The numbers of the heads that the ledger knows to be stored outside it."""
    with closing(sqlite3.connect(machine.ledger)) as ledger:
        return {int(seq) for (seq,) in ledger.execute("SELECT subject FROM audit WHERE kind = 'head_kept'")}


def test_a_head_that_was_not_stored_yet_is_missed_by_nobody(traded: Machine) -> None:
    """A job that is killed between its last commit and the file leaves the heads behind the ledger."""
    heads = traded.home / "state" / "ledger_heads"
    before = heads.read_text()
    assert traded("check-exits").code == 0
    heads.write_text(before)
    tamper(traded, f"DELETE FROM audit WHERE seq = {_NEWEST.format('audit')}")  # the note of the head follows the file

    assert traded("verify").code == 0
    assert traded("check-exits").code == 0


def newest_head(machine: Machine) -> str:
    """The head of the only account, as an alert tells it."""
    (head,) = machine("verify", "--json").json["heads"].values()
    return "{}:{}".format(*head)


def test_a_head_that_was_mailed_is_held_against_the_ledger(traded: Machine) -> None:
    first = newest_head(traded)
    older = {path: path.read_bytes() for path in (traded.ledger, traded.home / "state" / "ledger_heads")}
    assert traded("check-exits").code == 0
    mailed = newest_head(traded)
    assert traded("verify", "--head", mailed, "--head", first).code == 0

    for path, content in older.items():  # the newest rows are cut off, and the heads trimmed with them
        path.write_bytes(content)
    assert traded("verify").code == 0, "nothing in the home tells"
    ended = traded("verify", "--head", mailed, "--json")
    assert ended.code == 10
    assert mailed in ended.json["findings"][0]["message"]
    assert traded("verify", "--head", first).code == 0
    assert traded("verify", "--head", "12:abc").code == 2


def test_verify_beside_a_job_at_work_finds_nothing(made: Machine) -> None:
    replay = made.start("replay", "--sessions", "400")
    made.wait_for_lock(replay)
    verified_beside = 0
    while replay.poll() is None and verified_beside < 5:
        ended = made("verify", "--json")
        assert ended.code == 0, ended.json["findings"]
        verified_beside += 1
    replay.terminate()
    ending(replay)
    assert verified_beside >= 3
