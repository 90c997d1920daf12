"""Files for an accountant and for other programs, by the command."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.commands.conftest import Run


@pytest.fixture
def sold(traded_home: Path, tmp_path: Path, run: Run) -> Path:
    """A home that has sold what it bought on the same day."""
    home = shutil.copytree(traded_home, tmp_path / "sold")
    assert run("emergency-stop", "--close-positions", "--reason", "a drill", "--home", home).code == 0
    assert run("reconcile", "--home", home).code == 4  # it books the closing
    return home


def test_each_export_writes_its_file_without_a_broker(run: Run, sold: Path, tmp_path: Path) -> None:
    """One walk, because each step is a process."""
    (sold / "state" / "paper_exchange.db").unlink()  # nobody asks it
    table = tmp_path / "out" / "tax.csv"
    told = run("export", "--tax", "2006", table, "--home", sold, "--json")
    assert (told.code, told.json["files"]) == (0, [str(table), str(table.with_name("tax.notes.txt"))])
    assert told.json["final"] is False, "the window of wash sales is not over"
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["description"] for row in rows] == [row["description"] for row in told.json["tax"]["rows"]]
    assert {row["date_acquired"] for row in rows} == {row["date_sold"] for row in rows} == {"11/02/2006"}
    for row in rows:
        gain = float(row["proceeds"]) - float(row["cost_basis"]) + float(row["adjustment"])
        assert gain == pytest.approx(float(row["gain_or_loss"]), abs=0.001)
    notes = " ".join(table.with_name("tax.notes.txt").read_text(encoding="utf-8").split())
    assert "no tax advice" in notes
    shown = run("export", "--tax", "2006", table, "--home", sold)
    assert "Other accounts, IRAs" in shown.out

    returns = tmp_path / "returns.csv"
    assert run("export", "--returns", returns, "--home", sold).code == 0
    assert returns.read_text().startswith("date,equity,return,benchmark_return\n2006-11-02,")

    dump = tmp_path / "ledger.jsonl"
    told = run("export", "--ledger", dump, "--home", sold, "--json")
    records = [json.loads(line) for line in dump.read_text(encoding="utf-8").splitlines()]
    assert (told.code, told.json["rows"]) == (0, len(records))
    assert {record["table"] for record in records} >= {"fills", "orders", "audit", "equity"}
    assert [record["values"]["symbol"] for record in records if record["table"] == "fills"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x.csv"], "give one of --tax, --returns and --ledger, not none."),
        (["--returns", "--ledger", "x.csv"], "not 2."),
        (["--tax", "2007", ".env"], "is the file of the settings, and nothing is written there"),
        (["--ledger", "notes.txt"], "notes.txt exists and is not a ledger in JSON lines"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_lost(
    run: Run, home: Path, arguments: list[str], words: str
) -> None:
    mine = home / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    named = [str(home / each) if each in (".env", "notes.txt") else each for each in arguments]
    ended = run("export", *named, "--home", home)
    assert ended.code == 2
    assert words in " ".join(ended.err.split())
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_home_without_an_account_says_what_to_do(run: Run, home: Path, tmp_path: Path) -> None:
    ended = run("export", "--tax", "2007", tmp_path / "tax.csv", "--home", home, environ={"BROKER": "alpaca"})
    assert ended.code == 3
    assert "the ledger has no account at alpaca" in " ".join(ended.err.split())
    assert not (tmp_path / "tax.csv").exists()
