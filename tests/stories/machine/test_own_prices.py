"""Files of prices as people have them: imported with their numbers, asked about once, traded to the end."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.fakes.cli import Ended, tradebot
from tradebot.market.price_file import PriceFile

FILES = Path(__file__).parents[2] / "market" / "whole_files"
LEHMAN, BOUGHT_OUT = "05-lehman-and-wamu.csv", "08-bought-out-holding.csv"
HOLDS = """
from decimal import Decimal
from tradebot.strategy_api import ExitPolicy, Signals

class Strategy:
    def signals(self, history, params):
        there = history.close.notna()
        return Signals(entry=there, exit=~there & False, exits=ExitPolicy(stop=Decimal("0.5")))
"""
MANIFEST = """
name = "holds"
version = "1.0.0"
description = "Buys what there is and keeps it."
symbols = ["IBM"]
warmup = 2
"""
SETTINGS = """STRATEGIES=holds
PROBATION_SESSIONS=0
DAILY_LOSS_LIMIT_PCT=9%
PRICE_COLLAR_PCT=20%
"""


def run(home: Path, *arguments: str | Path) -> Ended:
    return tradebot(*arguments, state=home.parent / "user", cwd=home)


def said(ended: Ended) -> str:
    return " ".join((ended.out + ended.err).split())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a strategy that buys everything and sells nothing."""
    strategy = tmp_path / "home" / "strategies" / "holds"
    strategy.mkdir(parents=True)
    (strategy / "strategy.py").write_text(HOLDS)
    (strategy / "manifest.toml").write_text(MANIFEST)
    return tmp_path / "home"


def configure(home: Path, *lines: str) -> None:
    (home / ".env").write_text(SETTINGS + "\n".join(lines) + "\n")


def by_hand(name: str) -> list[tuple[str, str, Decimal, Decimal, Decimal, Decimal, int]]:
    """The rows of a file as a person reads them, by symbol and date."""
    lines = (FILES / name).read_text().splitlines()
    if name.startswith("02"):
        lines = ["symbol,date,close,high,low,open,volume", *(f"MSFT,{line}" for line in lines[3:])]
    if name.startswith("07"):
        lines = [line.replace(",", ".").replace(";", ",") for line in lines]
    rows = []
    for row in csv.DictReader(lines):
        if row["close"] == "null":
            continue
        prices = (Decimal(row[name]).quantize(Decimal("0.0001")) for name in ("open", "high", "low", "close"))
        day = row.get("date") or row["timestamp"]
        rows.append((row["symbol"], day[:10], *prices, int(Decimal(row["volume"]))))
    return sorted(rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.iterdir()))
def test_each_file_is_imported_cell_by_cell_or_asked_about_once(name: str, home: Path) -> None:
    asks = name in (LEHMAN, BOUGHT_OUT)
    ended = run(home, "data", "import", FILES / name, "--out", "bars.parquet", *(["--confirm-jumps"] if asks else []))
    assert ended.code == 0, ended.err
    bars = sorted(PriceFile(home / "bars.parquet").bars(), key=lambda bar: (bar.symbol, bar.session))
    found = [(b.symbol, f"{b.session}", b.open, b.high, b.low, b.close, b.volume) for b in bars]
    assert found == by_hand(name)
    if asks:
        assert run(home, "data", "import", FILES / name, "--out", "again.csv").code == 3
        assert run(home, "data", "import", FILES / name, "--out", "bars.parquet").code == 0  # asked once
    assert run(home, "data", "check", "bars.parquet").code == 0


def test_a_true_crash_is_traded_through_once_it_is_confirmed(home: Path) -> None:
    shutil.copy(FILES / LEHMAN, home / "bars.csv")
    configure(home, "PAPER_DATA=bars.csv", "SYMBOLS=IBM,LEH,WM", "PAPER_START=2008-09-10")
    refused = run(home, "run-daily")
    assert refused.code == 3
    assert "data check" in refused.err
    assert "--confirm-jumps" in refused.err
    before = (home / "bars.csv").read_bytes()
    assert run(home, "data", "check", "bars.csv", "--confirm-jumps").code == 0
    assert (home / "bars.csv").read_bytes() == before
    assert run(home, "run-daily").code == 0
    held = run(home, "status", "--json").json["positions"]
    assert {position["symbol"] for position in held} == {"IBM", "LEH", "WM"}
    replayed = run(home, "replay", "--sessions", "18")
    assert replayed.code == 0, said(replayed)
    left = run(home, "status", "--json").json
    assert [position["symbol"] for position in left["positions"] if position["symbol"] != "IBM"] == []


@pytest.mark.parametrize("action", ["BUYO,2022-10-28,cash_merger,54.20", None])
def test_a_holding_that_was_bought_out_ends_with_cash(action: str | None, home: Path) -> None:
    shutil.copy(FILES / BOUGHT_OUT, home / "bars.csv")
    configure(home, "PAPER_DATA=bars.csv", "SYMBOLS=BUYO,STAY", "PAPER_START=2022-10-20")
    refused = run(home, "run-daily")
    assert refused.code == 3
    assert "cash_merger" in refused.err
    if action:
        (home / "actions.csv").write_text(f"symbol,ex_date,kind,value\n{action}\n")
        with (home / ".env").open("a") as file:
            file.write("PAPER_ACTIONS=actions.csv\n")
    else:
        checked = said(run(home, "data", "check", "bars.csv", "--confirm-jumps"))
        assert "1 of 2 symbols have a bar in the last session" in checked
        assert "confirmed: the bars of BUYO end on 2022-10-27 at 53.65" in checked
    assert run(home, "run-daily").code == 0
    held = run(home, "status", "--json").json["positions"]
    assert {position["symbol"] for position in held} == {"BUYO", "STAY"}
    assert run(home, "replay", "--sessions", "12").code == 0
    held = run(home, "status", "--json").json["positions"]
    assert {position["symbol"] for position in held} == {"STAY"}
    assert run(home, "emergency-stop").code == 0


def test_another_form_in_paper_data_names_the_command_that_reads_it(home: Path) -> None:
    for name in ("01-alpaca-bars-export.csv", "02-yfinance-three-headers.csv", "07-semicolons-and-decimal-commas.csv"):
        configure(home, f"PAPER_DATA={FILES / name}", "SYMBOLS=MSFT")
        refused = run(home, "run-daily")
        assert (refused.code, "`tradebot data import`" in refused.err) == (3, True), refused.err


def test_what_is_left_out_is_named_and_ends_with_11(home: Path) -> None:
    (home / "bars.csv").write_text(
        "symbol,date,open,high,low,close,volume\nIBM,2024-01-02,1,2,1,2,5\nIBM,2024-01-03,1,2,1,x,5\n"
    )
    ended = run(home, "data", "import", "bars.csv", "--out", "out.csv")
    assert ended.code == 11
    assert "Left out" in ended.out
    assert "bars.csv the close is no number (x) 1 line 3" in said(ended)
    assert f"PAPER_DATA={home / 'out.csv'}" in ended.out
    told = run(home, "data", "import", "bars.csv", "--out", "out.csv", "--json").json
    assert [(each["file"], each["lines"], each["count"]) for each in told["left_out"]] == [("bars.csv", [3], 1)]
    assert told["exit_code"] == 11


def test_no_file_is_written_over_that_is_read_or_another_programs(home: Path) -> None:
    shutil.copy(FILES / "04-dates-at-midnight.csv", home / "bars.csv")
    shutil.copy(FILES / "04-dates-at-midnight.csv", home / "prices.csv")
    (home / "notes.csv").write_text("a,b\n1,2\n")
    pd.DataFrame({"a": [1]}).to_parquet(home / "notes.parquet")
    (home / ".env").write_text("SYMBOLS=MSFT\n")
    before = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    for out in ("bars.csv", "notes.csv", "notes.parquet", ".env", "bars.xlsx", "trading_robot.db"):
        ended = run(home, "data", "import", "bars.csv", "--out", out)
        assert (ended.code, ended.out) == (2, ""), out
    assert run(home, "data", "import", "bars.csv", "--out", "bars.csv", "--force").code == 2
    assert {path: path.read_bytes() for path in before} == before
    assert run(home, "data", "import", "bars.csv", "--out", "prices.csv").code == 0  # daily bars over daily bars
    assert run(home, "data", "import", "bars.csv", "--out", "notes.csv", "--force").code == 0


def test_an_import_that_is_asked_or_refused_writes_nothing(home: Path) -> None:
    asked = run(home, "data", "import", FILES / LEHMAN, "--out", "bars.csv")
    assert asked.code == 3
    assert "3.65 to 0.21" in asked.err
    refused = run(home, "data", "import", "nowhere.csv", "neither.csv", "--out", "bars.csv")
    assert (refused.code, refused.err.count("there is no such file")) == (3, 2)
    folder = run(home, "data", "import", home, "--out", "bars.csv")
    assert (folder.code, "it is a folder" in folder.err) == (3, True)
    assert not (home / "bars.csv").exists()


def test_actions_that_a_file_tells_of_are_written_beside_it(home: Path) -> None:
    source = Path(__file__).parents[2] / "market" / "price_files" / "tiingo-with-a-split" / "AAPL.csv"
    assert run(home, "data", "import", source, "--out", "bars.csv.gz").code == 0
    assert (home / "bars.actions.csv").read_text() == (
        "symbol,ex_date,kind,value\nAAPL,2020-08-28,dividend,0.82\nAAPL,2020-08-31,split,4.0\n"
    )
    checked = run(home, "data", "check", "bars.csv.gz", "--actions", "bars.actions.csv", "--json")
    assert checked.json["summary"]["actions"] == 2


def test_actions_that_a_person_added_stay(home: Path) -> None:
    source = Path(__file__).parents[2] / "market" / "price_files" / "tiingo-with-a-split" / "AAPL.csv"
    command = ("data", "import", source, "--out", "bars.csv")
    assert run(home, *command).code == 0
    assert run(home, *command).code == 0  # nobody added anything
    beside = home / "bars.actions.csv"
    beside.write_text(beside.read_text() + "AAPL,2020-09-01,dividend,0.5\n")
    added, bars = beside.read_text(), (home / "bars.csv").read_bytes()

    refused = run(home, *command)
    assert (refused.code, "rows that the files do not tell of" in said(refused)) == (2, True)
    assert run(home, *command, "--actions", "bars.actions.csv").code == 0
    assert (beside.read_text(), (home / "bars.csv").read_bytes()) == (added, bars)
    assert run(home, *command, "--force").code == 0
    assert "0.5" not in beside.read_text()
