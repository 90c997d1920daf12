"""Homes, databases and price files that are not what they should be: one clear message, the right code, no damage."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT
from tests.fakes.homes import account_id
from tests.stories.processes.conftest import Machine

# --- the home --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("preflight",), ("check-exits",), ("reconcile",), ("report",), ("status",), ("explain", "AAPL"),
        ("emergency-stop", "--close-positions"), ("resume", "--reason", "x", "--yes"), ("paper", "status"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_command_typed_in_the_wrong_folder_names_the_right_one_and_leaves_no_trace(
    command: tuple[str, ...], machine: Machine, made_home: Path
) -> None:
    known = machine.folder / "known"
    shutil.copytree(made_home, known)
    assert machine("init-db", "--home", known).code == 0
    ended = machine(*command)
    assert (ended.code, ended.out) == (3, "")
    assert f"{machine.home} was never initialised" in ended.err
    assert "Known homes:" in ended.err
    assert ended.err.splitlines()[-1].endswith(f":   {known}")
    assert not machine.home.exists()


def test_a_home_that_cannot_be_written_is_said_to_be_so(machine: Machine) -> None:
    file = machine.folder / "file"
    file.write_text("")
    attempts = [("run-daily", "--home", file), ("run-daily", "--home", Path("/proc/no-home"))]
    makers = ("run-daily",), ("init-db",), ("paper", "next"), ("replay", "--sessions", "1")
    attempts += [(*command, "--home", file / "below") for command in makers]
    for attempt in attempts:
        ended = machine(*attempt)
        assert (ended.code, ended.out) == (3, ""), ended.err
        assert str(attempt[-1]) in ended.err
        assert "--home" in ended.err
        assert len(ended.err.splitlines()) == 1


def test_a_users_folder_that_cannot_be_written_is_said_to_be_so(made: Machine) -> None:
    (made.folder / "file").write_text("")
    ended = made("run-daily", TRADEBOT_STATE_DIR=str(made.folder / "file" / "below"))
    assert (ended.code, made.orders()) == (3, [])
    assert "Choose another folder with TRADEBOT_STATE_DIR" in ended.err


def test_a_folder_of_logs_that_cannot_be_written_costs_no_session(machine: Machine) -> None:
    machine.env("LOG_DIR=/proc/no-logs")
    ended = machine("run-daily")
    assert ended.code == 0
    assert "warning: /proc/no-logs/trading_robot.log cannot be written" in ended.err


# --- the ledger ------------------------------------------------------------------------------


def _text(path: Path) -> None:
    path.write_text("not a database\n" * 400)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _missing(path: Path) -> None:
    path.unlink()


def _damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_text, "is not a database"), (_empty, "is empty"), (_folder, "cannot be opened"), (_missing, "is missing"),
        (_damaged, "is damaged"), (_newer, "from a newer version"), (_foreign, "database of another program"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_a_ledger_that_cannot_be_used_stops_everything_but_the_emergency_stop(
    spoil: Callable[[Path], None], words: str, traded: Machine
) -> None:
    spoil(traded.ledger)
    before = traded.orders()
    for command in ("run-daily", "status", "init-db"):
        ended = traded(command)
        assert (ended.code, ended.out) == (10, ""), ended.err
        assert words in ended.err
        assert "init-db`" not in ended.err  # it makes a home, and never a ledger for one that has lost its own
        assert str(traded.ledger) in ended.err
    assert traded.orders() == before
    stopped = traded("emergency-stop", "--close-positions", "--json")
    assert stopped.code == 0
    assert {line["result"] for line in stopped.json["lines"] if line["what"] == "position"} == {"closed"}
    assert (traded.home / "state" / "HALT").exists()


def test_a_ledger_that_another_program_holds_is_said_to_be_locked(traded: Machine) -> None:
    with closing(sqlite3.connect(traded.ledger, isolation_level=None)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        ended = traded("run-daily", "--json")
        assert ended.code == 10
        assert "locked by another process" in ended.json["error"]
        assert traded("emergency-stop").code == 0
    assert traded("reconcile", "--json").json["exit_codes"] == [4]


# --- the exchange's own file -----------------------------------------------------------------


@pytest.mark.parametrize("spoil", [_text, _damaged], ids=lambda spoil: spoil.__name__)
def test_an_exchange_that_cannot_be_read_is_a_broker_that_cannot_be_reached(
    spoil: Callable[[Path], None], traded: Machine
) -> None:
    spoil(traded.exchange)
    for command in ("run-daily", "status"):
        ended = traded(command)
        assert ended.code == 6, ended.err
        assert str(traded.exchange) in ended.err + "".join(ended.out.split())
    stopped = traded("emergency-stop")
    assert stopped.code == 6
    assert "the halt is latched" in stopped.err
    assert (traded.home / "state" / "HALT").exists()


def test_an_exchange_of_a_newer_version_is_left_alone(traded: Machine) -> None:
    _newer(traded.exchange)
    ended = traded("run-daily")
    assert ended.code == 3
    assert "a newer version of tradebot wrote it" in ended.err


def test_a_lost_exchange_is_begun_anew_under_an_account_that_never_was(traded: Machine) -> None:
    before = account_id(traded.home)
    traded.exchange.unlink()
    lost = traded("run-daily")
    assert lost.code == 3
    assert "run `tradebot paper reset` to begin a new account" in lost.err
    assert traded("paper", "reset", "--yes", "--json").json["exchange"]["account_id"] != before
    assert traded("run-daily").code == 0
    assert traded("reconcile").code == 0


# --- PAPER_DATA ------------------------------------------------------------------------------

HEADER = "symbol,date,open,high,low,close,volume"
DAYS = ("2007-01-03", "2007-01-04", "2007-01-05", "2007-01-08", "2007-01-09", "2007-01-10")
CLOSES = (10, 10, 10, 200, 200, 200)


def _bars(*rows: str) -> str:
    """A price file; each row is the rest of a line that begins with the symbol and the next session."""
    return "\n".join((HEADER, *(f"ACME,{row}" for row in rows))) + "\n"


def test_everything_wrong_with_a_price_file_is_said_at_once_with_its_rows(machine: Machine) -> None:
    machine.home.mkdir()
    sound = "10.0,10.5,9.5,10.0,1000"
    (machine.home / "bars.csv").write_text(
        _bars(
            f"2007-01-03,{sound}",
            "2007-01-04,10.0,10.5,9.5,nan,1000",
            "2007-01-05,-10.0,10.5,9.5,10.0,1000",
            "2007-01-08,10.0,10.5,0,10.0,1000",
            "2007-01-09,10.0,99000000,9.5,10.0,1000",
            f"2007-01-10,{sound}",
            f"2007-01-10,{sound}",
            f"2006-12-29,{sound}",
            f"2007-01-13,{sound}",
            f"soon,{sound}",
            "2007-01-16,10.0,9.0,9.5,10.0,1.5",
        )
    )
    ended = machine("run-daily", "--json", PAPER_DATA="bars.csv")
    assert ended.code == 3
    found = {(problem["where"].rpartition(", ")[2], problem["what"]) for problem in ended.json["problems"]}
    for row, what in (
        ("row 3", "close is missing or not a number"), ("row 4", "open is zero or negative"),
        ("row 5", "low is zero or negative"), ("row 6", "high is above 10,000,000 USD"),
        ("row 8", "a second row for the same symbol, date"), ("row 9", "the row is out of order"),
        ("row 10", "the New York Stock Exchange was closed"), ("row 11", "date is not a date"),
        ("row 12", "high is below low"), ("row 12", "volume is not a whole number of shares"),
    ):  # fmt: skip
        assert any(where == row and text.startswith(what) for where, text in found), (row, what, found)
    assert all(problem["where"].startswith(str(machine.home / "bars.csv")) for problem in ended.json["problems"])
    assert machine("run-daily").code == 0, "what was refused stands in the way"


def test_an_absurd_jump_is_refused_unless_a_split_explains_it(machine: Machine) -> None:
    machine.home.mkdir()
    rows = (f"{day},{price},{price},{price},{price},1000" for day, price in zip(DAYS, CLOSES, strict=True))
    (machine.home / "bars.csv").write_text(_bars(*rows))
    ended = machine("run-daily", PAPER_DATA="bars.csv", STRATEGIES="rsi2_mean_reversion", SYMBOLS="ACME")
    assert ended.code == 3
    assert "bars.csv, row 5: close is more than 10 times the one before it" in ended.err
    (machine.home / "splits.csv").write_text("symbol,ex_date,kind,value\nACME,2007-01-08,split,0.05\n")
    traded = machine("run-daily", PAPER_DATA="bars.csv", PAPER_ACTIONS="splits.csv", SYMBOLS="ACME")
    assert traded.code in (0, 11), traded.err  # six sessions are too few for the strategies, which say so


def _no_columns(path: Path) -> None:
    path.write_text("ticker,day,price\nACME,2007-01-03,10\n")


def _no_rows(path: Path) -> None:
    path.write_text(HEADER + "\n")


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 16)


def _torn(path: Path) -> None:
    path.write_text(_bars("2007-01-03,10,10,10,10,1000,7,8,9"))


def _nothing(path: Path) -> None:
    pass


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("bars.csv", _no_columns, "no column named symbol, date"), ("bars.csv", _no_rows, "the file has no rows"),
        ("bars.csv", _empty, "the file is empty"), ("bars.csv", _binary, "not a readable CSV table"),
        ("bars.csv", _torn, "not a readable CSV table"), ("bars.csv", _nothing, "there is no such file"),
        ("bars.csv", _a_folder, "cannot be read"), ("bars.parquet", _no_columns, "not a readable Parquet table"),
        ("bars.csv.gz", _no_columns, "not a gzipped file"), ("bars.xlsx", _no_columns, "the file's kind is not known"),
    ],
    ids=lambda value: getattr(value, "__name__", value if isinstance(value, str) and "." in value else ""),
)  # fmt: skip
def test_a_price_file_that_is_no_table(name: str, write: Callable[[Path], None], words: str, machine: Machine) -> None:
    machine.home.mkdir()
    write(machine.home / name)
    ended = machine("run-daily", PAPER_DATA=name)
    assert (ended.code, ended.out) == (3, ""), ended.err
    assert f"tradebot run-daily: {machine.home / name}" in ended.err
    assert words in ended.err.lower() or words in ended.err
    assert len(ended.err.splitlines()) == 1


def test_prices_that_tell_another_past_are_refused_in_a_home_that_has_lived_through_it(traded: Machine) -> None:
    with gzip.open(ROOT / "tradebot" / "data" / "us_daily_2000_2013.csv.gz", "rt") as bundled:
        mine = bundled.read().replace("AAPL,2006-11-01,", "AAPL,2006-10-32,", 1)
    lines = [line for line in mine.splitlines() if not line.startswith("AAPL,2006-10-32,")]
    (traded.home / "bars.csv").write_text("\n".join(lines) + "\n")
    ended = traded("check-exits", PAPER_DATA="bars.csv")
    assert ended.code == 3
    assert "paper reset" in ended.err
    assert traded("check-exits").code == 0
