"""Reading price files: what is taken as it stands, and what is refused, with which words."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from tradebot.core.model.account import ActionKind, CorporateAction, DayBar
from tradebot.errors import ConfigError, Problem
from tradebot.market import price_file
from tradebot.market.price_file import PriceFile
from tradebot.ports import PriceSource

WriteFile = Callable[..., Path]

GOOD = (
    "AAPL,2007-01-03,25.1,25.5,24.75,25.1,1000",
    "AAPL,2007-01-04,25.1,26,25,25.875,2000",
    "MSFT,2007-01-03,29.9,30,29.8,29.885,500",
    "MSFT,2007-01-04,29.9,30,29.8,29.9,0",
)


def problems_of(prices: PriceSource) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        list(prices.bars())
    return list(caught.value.problems)


# --- what is read ------------------------------------------------------------------------


def test_bars_come_by_session_then_symbol_with_the_decimals_of_the_file(bars_file: WriteFile) -> None:
    bars = list(PriceFile(bars_file(*GOOD)).bars())

    assert [(bar.session.day, bar.symbol) for bar in bars] == [(3, "AAPL"), (3, "MSFT"), (4, "AAPL"), (4, "MSFT")]
    assert bars[0] == DayBar(
        "AAPL",
        date(2007, 1, 3),
        open=Decimal("25.1"),
        high=Decimal("25.5"),
        low=Decimal("24.75"),
        close=Decimal("25.1"),
        volume=1000,
    )
    assert str(bars[0].open) == "25.1"
    assert str(bars[1].close) == "29.885"
    assert type(bars[0].session) is date


def test_rows_sorted_by_date_first_read_the_same(bars_file: WriteFile) -> None:
    by_symbol = PriceFile(bars_file(*GOOD, name="a.csv"))
    by_date = PriceFile(bars_file(GOOD[0], GOOD[2], GOOD[1], GOOD[3], name="b.csv"))

    assert list(by_symbol.bars()) == list(by_date.bars())


def test_csv_gzip_and_parquet_read_the_same(bars_file: WriteFile, tmp_path: Path) -> None:
    csv = bars_file(*GOOD)
    with gzip.open(tmp_path / "bars.csv.gz", "wb") as packed:
        packed.write(csv.read_bytes())
    table = pd.read_csv(csv)
    table.to_parquet(tmp_path / "text_dates.parquet")
    table.assign(date=pd.to_datetime(table["date"])).to_parquet(tmp_path / "timestamps.parquet")
    table.assign(date=pd.to_datetime(table["date"]).dt.date).to_parquet(tmp_path / "dates.parquet")
    table.assign(
        symbol=table["symbol"].astype("category"),
        date=pd.to_datetime(table["date"]).dt.tz_localize("America/New_York"),
        volume=table["volume"].astype(float),
    ).to_parquet(tmp_path / "zoned.parquet")

    expected = list(PriceFile(csv).bars())
    for other in ("bars.csv.gz", "text_dates.parquet", "timestamps.parquet", "dates.parquet", "zoned.parquet"):
        assert list(PriceFile(tmp_path / other).bars()) == expected, other


def test_prices_written_by_a_program_are_rounded_to_the_finest_step_of_a_us_stock(
    bars_file: WriteFile, tmp_path: Path
) -> None:
    csv = PriceFile(bars_file("AAPL,2007-01-03,25.100000381469727,25.30000000000001,24.99999,25.1,7"))
    frame = pd.DataFrame([GOOD[0].split(",")], columns=["symbol", "date", "open", "high", "low", "close", "volume"])
    single = dict.fromkeys(("open", "high", "low", "close", "volume"), "float32")
    frame.astype(single).to_parquet(tmp_path / "single.parquet")

    (bar,) = csv.bars()
    assert (str(bar.open), str(bar.high), str(bar.low)) == ("25.1", "25.3", "25.0")
    (bar,) = PriceFile(tmp_path / "single.parquet").bars()
    assert str(bar.open) == "25.1"


def test_a_byte_order_mark_more_columns_and_another_order_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_text("date,symbol,volume,close,low,high,open,note\n2007-01-03,NAN,10,2,1,3,2,x\n", encoding="utf-8-sig")

    (bar,) = PriceFile(path).bars()

    assert bar == DayBar("NAN", date(2007, 1, 3), Decimal(2), Decimal(3), Decimal(1), Decimal(2), volume=10)


def test_history_is_wide_with_nan_where_a_symbol_has_no_bar(bars_file: WriteFile) -> None:
    history = PriceFile(bars_file(*GOOD[:3])).history()

    assert list(history.close.columns) == ["AAPL", "MSFT"]
    assert list(history.close.index) == [pd.Timestamp("2007-01-03"), pd.Timestamp("2007-01-04")]
    assert history.close.isna().to_numpy().tolist() == [[False, False], [False, True]]
    assert history.volume.loc["2007-01-04", "AAPL"] == 2000


# --- the bundled files -------------------------------------------------------------------


def test_the_bundled_prices_are_sound_and_complete() -> None:
    bars = list(PriceFile().bars())

    assert len(bars) == 12_154
    assert {bar.symbol for bar in bars} == {"AAPL", "FB", "GOOG", "IBM", "MSFT"}
    assert (bars[0].session, bars[-1].session) == (date(2000, 3, 1), date(2013, 3, 1))
    splits = [action for action in PriceFile().actions() if action.kind is ActionKind.SPLIT]
    assert [(action.symbol, action.ex_date, int(action.value)) for action in splits] == [
        ("AAPL", date(2000, 6, 21), 2),
        ("MSFT", date(2003, 2, 18), 2),
        ("AAPL", date(2005, 2, 28), 2),
    ]
    assert len(PriceFile().actions()) == 95


def test_the_bundled_fingerprint_belongs_to_the_bundled_bytes() -> None:
    data = resources.files("tradebot") / "data"
    names = ("us_daily_2000_2013.csv.gz", "corporate_actions_2000_2013.csv")
    digest = hashlib.sha256(b"".join((data / name).read_bytes() for name in names)).hexdigest()

    assert (price_file.BUNDLED, digest[:16]) == ("bundled us_daily_2000_2013 (1)", "8746409597f9ea54")


# --- corporate actions -------------------------------------------------------------------


def test_actions_come_by_ex_date_and_keep_their_decimals(bars_file: WriteFile, actions_file: WriteFile) -> None:
    actions = actions_file(
        "AAPL,2007-01-05,split,2", "MSFT,2007-01-04,dividend,0.114286", "MSFT,2007-02-15,dividend,0.1"
    )

    assert PriceFile(bars_file(*GOOD), actions).actions() == (
        CorporateAction("MSFT", date(2007, 1, 4), ActionKind.DIVIDEND, Decimal("0.114286")),
        CorporateAction("AAPL", date(2007, 1, 5), ActionKind.SPLIT, Decimal(2)),
        CorporateAction("MSFT", date(2007, 2, 15), ActionKind.DIVIDEND, Decimal("0.1")),
    )


def test_a_delisting_without_a_value_pays_the_last_close(bars_file: WriteFile, actions_file: WriteFile) -> None:
    rows = ("AAPL,2007-02-01,cash_merger,27.5", "MSFT,2007-02-01,delisting,", "MSFT,2007-02-02,delisting,0")
    values = [action.value for action in PriceFile(bars_file(*GOOD), actions_file(*rows)).actions()]
    last_close = next(Decimal(row.split(",")[5]) for row in reversed(GOOD) if row.startswith("MSFT"))
    assert values == [Decimal("27.5"), last_close, 0]


def test_the_last_close_before_a_delisting_is_taken_after_its_splits(
    bars_file: WriteFile, actions_file: WriteFile
) -> None:
    actions = actions_file("MSFT,2007-02-01,split,4", "MSFT,2007-02-01,delisting,")
    last_close = next(Decimal(row.split(",")[5]) for row in reversed(GOOD) if row.startswith("MSFT"))
    (delisting,) = (each for each in PriceFile(bars_file(*GOOD), actions).actions() if each.kind == "delisting")
    assert delisting.value == last_close / 4


def test_own_bars_without_actions_have_none(bars_file: WriteFile) -> None:
    assert PriceFile(bars_file(*GOOD)).actions() == ()


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (
            "AAPL,2007-01-04,spilt,2",
            "kind is not split, dividend, cash_merger or delisting (AAPL 2007-01-04, kind spilt)",
        ),
        ("AAPL,2007-01-04,dividend,lots", "value is not a number above zero (AAPL 2007-01-04, value lots)"),
        ("AAPL,2007-01-04,dividend,-0.1", "value is not a number above zero (AAPL 2007-01-04, value -0.1)"),
        ("AAPL,2007-01-04,split,0", "value is not a number above zero (AAPL 2007-01-04, value 0)"),
        ("AAPL,2007-01-04,split,1", "no split has this ratio (AAPL 2007-01-04, value 1)"),
        ("AAPL,2007-01-04,split,5000", "no split has this ratio (AAPL 2007-01-04, value 5000)"),
        ("aapl,2007-01-04,split,2", "symbol is not a ticker (aapl 2007-01-04)"),
        ("AAPL,4.1.2007,split,2", "ex_date is not a date (AAPL 4.1.2007)"),
        ("AAPL,2007-01-06,split,2", "the New York Stock Exchange was closed on this day (AAPL 2007-01-06)"),
        (
            "AAPL,2007-01-04,delisting,none",
            "value is not a number, zero or above, or empty (AAPL 2007-01-04, value none)",
        ),
        ("AAPL,2007-01-04,cash_merger,", "value is not a number above zero (AAPL 2007-01-04, value empty)"),
        (
            "AAPL,2007-01-04,cash_merger,2500",
            "the merger pays more than 10 times the close before it, or less than a tenth "
            "(AAPL 2007-01-04, value 2500)",
        ),
        (
            "NONE,2007-01-04,delisting,",
            "the delisting says no value, and no close comes before it (NONE 2007-01-04)",
        ),
        (
            "AAPL,2007-01-04,dividend,25.1",
            "the dividend is not below the close before it (AAPL 2007-01-04, value 25.1)",
        ),
    ],
)
def test_a_bad_action_is_one_clear_problem(row: str, what: str, bars_file: WriteFile, actions_file: WriteFile) -> None:
    actions = actions_file("MSFT,2007-01-04,dividend,0.1", row)

    (problem,) = problems_of(PriceFile(bars_file(*GOOD), actions))

    assert problem.where == f"{actions}, row 3"
    assert problem.what == what
    assert problem.fix


def test_actions_repeated_or_out_of_order_are_refused(bars_file: WriteFile, actions_file: WriteFile) -> None:
    repeated = actions_file("MSFT,2007-01-04,dividend,0.1", "MSFT,2007-01-04,dividend,0.2")
    (problem,) = problems_of(PriceFile(bars_file(*GOOD), repeated))
    assert problem.what == "a second row for the same symbol, ex_date, kind (MSFT 2007-01-04)"

    unsorted = actions_file("MSFT,2007-02-15,dividend,0.1", "MSFT,2007-01-04,dividend,0.2", name="unsorted.csv")
    (problem,) = problems_of(PriceFile(bars_file(*GOOD), unsorted))
    assert problem.what.startswith("the row is out of order")


# --- bad bars ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("IBM,2007-01-03,10,11,9,,5", "close is missing or not a number (IBM 2007-01-03, close empty)"),
        ("IBM,2007-01-03,10,NaN,9,10,5", "high is missing or not a number (IBM 2007-01-03, high empty)"),
        ("IBM,2007-01-03,ten,11,9,10,5", "open is missing or not a number (IBM 2007-01-03, open ten)"),
        ("IBM,2007-01-03,10,11,9", "close is missing or not a number (IBM 2007-01-03, close empty)"),
        ("IBM,2007-01-03,10,11,-9,10,5", "low is zero or negative (IBM 2007-01-03, low -9)"),
        ("IBM,2007-01-03,0,11,9,10,5", "open is zero or negative (IBM 2007-01-03, open 0)"),
        ("IBM,2007-01-03,10,11,0.00001,10,5", "low is zero or negative (IBM 2007-01-03, low 1e-05)"),
        ("IBM,2007-01-03,10,1e9,9,10,5", "high is above 10,000,000 USD (IBM 2007-01-03, high 1000000000)"),
        ("IBM,2007-01-03,10,inf,9,10,5", "high is above 10,000,000 USD (IBM 2007-01-03, high inf)"),
        ("IBM,2007-01-03,10,9,11,10,5", "high is below low (IBM 2007-01-03, high 9, low 11)"),
        (
            "IBM,2007-01-03,12,11,9,10,5",
            "open lies outside low to high (IBM 2007-01-03, open 12, low 9, high 11)",
        ),
        (
            "IBM,2007-01-03,10,11,9,8,5",
            "close lies outside low to high (IBM 2007-01-03, close 8, low 9, high 11)",
        ),
        ("IBM,2007-01-03,10,11,9,10,-5", "volume is not a whole number of shares (IBM 2007-01-03, volume -5)"),
        ("IBM,2007-01-03,10,11,9,10,0.5", "volume is not a whole number of shares (IBM 2007-01-03, volume 0.5)"),
        ("ibm,2007-01-03,10,11,9,10,5", "symbol is not a ticker (ibm 2007-01-03)"),
        (",2007-01-03,10,11,9,10,5", "symbol is not a ticker ( 2007-01-03)"),
        ("IBM,03/01/2007,10,11,9,10,5", "date is not a date (IBM 03/01/2007)"),
        ("IBM,2007-02-30,10,11,9,10,5", "date is not a date (IBM 2007-02-30)"),
        ("IBM,2007-01-03 00:00:00,10,11,9,10,5", "date is not a date (IBM 2007-01-03 00:00:00)"),
        ("IBM,2007-01-06,10,11,9,10,5", "the New York Stock Exchange was closed on this day (IBM 2007-01-06)"),
        ("IBM,2007-12-25,10,11,9,10,5", "the New York Stock Exchange was closed on this day (IBM 2007-12-25)"),
        ("MSFT,2007-01-04,29.9,30,29.8,29.9,1", "a second row for the same symbol, date (MSFT 2007-01-04)"),
        (
            "AAPL,2006-12-29,25,26,24,25,1",
            "the row is out of order: its symbol has a later date above it (AAPL 2006-12-29)",
        ),
        (
            "MSFT,2007-01-05,300,301,299,300,1",
            "close is more than 10 times the one before it, or less than a tenth, and no split explains it"
            " (MSFT 2007-01-05, close 300)",
        ),
        (
            "MSFT,2007-01-05,2,3,1,2,1",
            "close is more than 10 times the one before it, or less than a tenth, and no split explains it"
            " (MSFT 2007-01-05, close 2)",
        ),
    ],
)
def test_a_bad_bar_is_one_clear_problem(row: str, what: str, bars_file: WriteFile) -> None:
    path = bars_file(*GOOD, row)

    problem, *others = problems_of(PriceFile(path))

    assert problem.what == what
    assert problem.where == f"{path}, row 6"
    assert problem.fix
    assert not others or row.count(",") < 6  # a row cut short lacks its close and its volume


def test_all_problems_come_at_once_a_kind_a_line_with_the_first_ten_rows(
    bars_file: WriteFile, actions_file: WriteFile
) -> None:
    sessions = pd.bdate_range("2007-03-01", periods=20)
    negative = [f"IBM,{day:%Y-%m-%d},10,11,-1,10,5" for day in sessions]
    path = bars_file(*GOOD, *negative, "GOOG,2007-01-03,10,9,11,10,5", "GOOG,2007-01-04,10,9,11,10,5")
    actions = actions_file("AAPL,2007-01-04,gift,2")

    problems = problems_of(PriceFile(path, actions))

    assert [(problem.where, problem.what) for problem in problems] == [
        (
            f"{path}, rows 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 10 more",
            "low is zero or negative (first: IBM 2007-03-01, low -1)",
        ),
        (f"{path}, rows 26 and 27", "high is below low (first: GOOG 2007-01-03, high 9, low 11)"),
        (f"{actions}, row 2", "kind is not split, dividend, cash_merger or delisting (AAPL 2007-01-04, kind gift)"),
    ]


def test_rows_of_a_parquet_file_are_counted_from_one(bars_file: WriteFile, tmp_path: Path) -> None:
    table = pd.read_csv(bars_file(*GOOD, "IBM,2007-01-03,10,11,9,8,5"))
    table.to_parquet(tmp_path / "bars.parquet")

    (problem,) = problems_of(PriceFile(tmp_path / "bars.parquet"))

    assert problem.where.endswith("bars.parquet, row 5")


# --- jumps and splits --------------------------------------------------------------------


def test_a_jump_that_a_split_explains_is_no_problem(bars_file: WriteFile, actions_file: WriteFile) -> None:
    path = bars_file(*GOOD, "MSFT,2007-01-05,598,600,596,598,25")

    assert len(problems_of(PriceFile(path))) == 1
    assert list(PriceFile(path, actions_file("MSFT,2007-01-05,split,0.05")).bars())


def test_a_split_on_a_day_without_a_bar_explains_the_jump_at_the_next_bar(
    bars_file: WriteFile, actions_file: WriteFile
) -> None:
    path = bars_file(*GOOD, "MSFT,2007-01-10,1.4,1.5,1.3,1.4,25")

    assert list(PriceFile(path, actions_file("MSFT,2007-01-08,split,20")).bars())


def test_a_split_that_the_prices_do_not_show_is_refused(bars_file: WriteFile, actions_file: WriteFile) -> None:
    path = bars_file(*GOOD)

    (problem,) = problems_of(PriceFile(path, actions_file("AAPL,2007-01-04,split,2")))

    assert problem.where == f"{path}, row 3"
    assert "adjusted already" in problem.what


# --- files that are no table -------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems_of(PriceFile(tmp_path / "nowhere.csv"))

    assert (problem.where, problem.what) == (str(tmp_path / "nowhere.csv"), "there is no such file")


def test_missing_files_of_both_kinds_are_named_together(tmp_path: Path) -> None:
    problems = problems_of(PriceFile(tmp_path / "bars.csv", tmp_path / "actions.csv"))

    assert [problem.what for problem in problems] == ["there is no such file"] * 2


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("bars.csv", b"", "the file is empty"),
        ("bars.csv", b"\n\n", "the file is empty"),
        ("bars.csv", b"symbol,date,open,high,low,close,volume\n", "the file has no rows"),
        (
            "bars.csv",
            b"symbol,date,open,close\nAAPL,2007-01-03,1,1\n",
            "no column named high, low, volume; it has symbol, date, open, close",
        ),
        ("bars.csv", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe" * 9, "the file is not a readable CSV table"),
        ("bars.csv", b"symbol,date\nAAPL,2007-01-03,1,2,3\n", "the file is not a readable CSV table"),
        ("bars.csv", b'symbol,date\n"AAPL,2007-01-03', "the file is not a readable CSV table"),
        ("bars.csv.gz", b"symbol,date,open,high,low,close,volume\n", "the file cannot be read: Not a gzipped file"),
        ("bars.csv.gz", gzip.compress(b"symbol,date\n" * 999, mtime=0)[:-20], "the file is not a readable CSV table"),
        ("bars.parquet", b"", "the file is not a readable Parquet table"),
        ("bars.parquet", b"symbol,date,open,high,low,close,volume\n", "the file is not a readable Parquet table"),
        ("bars.xlsx", b"PK", "the file's kind is not known"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_problem(name: str, content: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    (problem,) = problems_of(PriceFile(path))

    assert problem.where == str(path)
    assert problem.what.startswith(what)
    assert "\n" not in str(problem)
    assert problem.fix


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").mkdir()

    (problem,) = problems_of(PriceFile(tmp_path / "bars.csv"))

    assert problem.what.startswith("the file cannot be read")


# --- the fingerprint ---------------------------------------------------------------------


def test_the_fingerprint_changes_with_the_files_and_only_then(bars_file: WriteFile, actions_file: WriteFile) -> None:
    path = bars_file(*GOOD)
    actions = actions_file("MSFT,2007-01-04,dividend,0.1")
    before = PriceFile(path, actions).fingerprint()
    assert PriceFile(path, actions).fingerprint() == before
    assert PriceFile(path).fingerprint() != before

    os.utime(path, ns=(0, 0))
    touched = PriceFile(path, actions).fingerprint()
    assert touched != before
    actions_file("MSFT,2007-01-04,dividend,0.12")
    assert PriceFile(path, actions).fingerprint() not in (before, touched)


def test_a_file_that_changed_is_read_again_and_one_that_did_not_is_not(bars_file: WriteFile) -> None:
    path = bars_file(*GOOD)
    prices = PriceFile(path)
    first = prices.history()
    assert PriceFile(path).history() is first

    bars_file(*GOOD[:2])
    assert list(prices.history().close.columns) == ["AAPL"]


def test_the_fingerprint_of_a_missing_file_is_no_error_and_reading_it_is(bars_file: WriteFile, tmp_path: Path) -> None:
    path = bars_file(*GOOD)
    prices = PriceFile(path)
    assert prices.history() is not None
    shutil.move(path, tmp_path / "elsewhere.csv")

    assert prices.fingerprint()
    with pytest.raises(ConfigError, match="no such file"):
        list(prices.bars())
