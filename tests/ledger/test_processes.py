"""Crashes and company: a killed process leaves all of a step or nothing, and two writers lose nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ACCOUNT
from tests.long_form import long
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.settings.ledger_location import LedgerLocation

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

ROOT = Path(__file__).parents[2]

PREAMBLE = """
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tradebot.core.model.account import Fill
from tradebot.core.model.holdings import Lot
from tradebot.core.model.orders import Side
from tradebot.core.model.ledger_rows import Booking
from tradebot.ledger.database import open_database
from tradebot.settings.server_url import read_server

at = datetime(2007, 1, 3, 14, 35, tzinfo=UTC)
where = sys.argv[1]
database = open_database(read_server(where) if "://" in where else Path(where), create=False)
ledger = database.bind(sys.argv[2])

def booking(number):
    fill = Fill(f"F{number}", "B", "C", "AAPL", Side.BUY, Decimal(1), Decimal(25), Decimal(0), at, at.date())
    lots = tuple(
        Lot(f"F{n}", "trend", "AAPL", Decimal(1), Decimal(25), Decimal(0), at, at.date(), "C")
        for n in range(number + 1)
    )
    return Booking(fill, "trend", "AAPL", lots)
"""

IN_THE_MIDDLE = """
with ledger.transaction():
    ledger.books.book([booking(0)], at)
    print("ready", flush=True)
    input()
"""

WITHOUT_END = """
for number in range(10**6):
    ledger.books.book([booking(number)], at)
    print(number, flush=True)
"""

MANY_NOTES = """
print("ready", flush=True)
input()
for number in range(150):
    ledger.decisions.note("drill", f"{sys.argv[3]} {number}", at, {})
"""

RUNS = """
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job

for number, _ in enumerate(sys.stdin):
    run = ledger.runs.begin(Job.RUN_DAILY, at.date(), at, at, 1)
    ledger.decisions.note("drill", str(number), at, {})
    ledger.runs.end(run, RunStatus.RAN, 0, at, at, "")
    print(number, flush=True)
"""


def start(
    code: str, location: LedgerLocation, some: Samples, *arguments: str, account: str | None = None
) -> subprocess.Popen[str]:
    where = str(location) if isinstance(location, Path) else location.url.reveal()
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, where, account or some.account, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_killed_inside_a_transaction_leaves_nothing(database: Database, some: Samples) -> None:
    head = database.head(ACCOUNT)
    process = start(IN_THE_MIDDLE, database.location, some)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.communicate()
    assert database.head(ACCOUNT) == head
    books = database.bind(some.account).books
    assert books.cursor() is None
    assert books.lots() == ()
    assert verify_ledger(database) == ()


def test_a_process_killed_at_any_moment_leaves_whole_steps(database: Database, some: Samples) -> None:
    database.close()
    for line in (3, 20):
        process = start(WITHOUT_END, database.location, some)
        assert process.stdout is not None
        for _ in range(line):
            told = int(process.stdout.readline())
        process.kill()
        process.communicate()
        again = open_database(database.location, create=False)
        ledger = again.bind(some.account)
        with again.engine.snapshot():  # a server may yet do what it was told last
            fills = ledger.history.fills()
            assert len(fills) > told  # what was committed stays
            assert ledger.books.cursor() == fills[-1].fill_id
            assert ledger.books.cash() == -25 * len(fills)
            assert len(ledger.books.lots()) == len(fills)
        assert verify_ledger(again) == ()
        again.close()


def test_two_writers_at_once_lose_nothing(database: Database, some: Samples) -> None:
    writers = [start(MANY_NOTES, database.location, some, name) for name in ("one", "two")]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60) and writer.returncode for writer in writers] == [0, 0]
    notes = {row["subject"] for row in database.engine.all("SELECT subject FROM audit WHERE kind = 'drill'")}
    assert notes == {f"{name} {number}" for name in ("one", "two") for number in range(150)}
    assert verify_ledger(database) == ()


@pytest.mark.parametrize("times", [40, long(1000)])
def test_two_accounts_that_write_at_the_same_moment_fail_no_run(database: Database, some: Samples, times: int) -> None:
    database.pinned_accounts.pin("another home", some.pin(some.other_account))
    accounts = (some.account, some.other_account)
    writers = [start(RUNS, database.location, some, account=account) for account in accounts]
    for number in range(times):
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == f"{number}\n"
    assert [writer.communicate(timeout=60) and writer.returncode for writer in writers] == [0, 0]
    for account in accounts:
        ran = database.bind(account).runs.newest(Job.RUN_DAILY, [RunStatus.RAN], times + 1)
        assert [run.run_id for run in ran] == list(range(times, 0, -1)), "numbered by account, without a gap"
    assert verify_ledger(database) == ()
