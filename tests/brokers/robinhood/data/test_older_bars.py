"""Bars of the home's own price file before Robinhood's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.brokers.robinhood.data.conftest import ALL, MONDAY, MORNING, Home, closes, wave, waves
from tradebot.market.price_file import PriceFile


def price_file(folder: Path, prices: dict[date, float], actions: str = "") -> PriceFile:
    rows = "".join(f"KO,{day},{price},{price},{price},{price},1000\n" for day, price in prices.items())
    (folder / "bars.csv").write_text("symbol,date,open,high,low,close,volume\n" + rows)
    (folder / "actions.csv").write_text("symbol,ex_date,kind,value\n" + actions)
    return PriceFile(folder / "bars.csv", folder / "actions.csv" if actions else None)


def test_the_homes_own_price_file_supplies_older_bars(home: Home, tmp_path: Path) -> None:
    home.host.five_years = False
    home().history(["KO"], 400, MORNING)  # before the import
    older = price_file(tmp_path, {day: wave(day) for day in ALL if day <= date(2023, 9, 29)})

    assert closes(home(older).history(["KO"], 400, MORNING)) == pytest.approx(waves(MONDAY, 400))
    asked = home.host.count("/quotes/historicals/")
    assert closes(home().history(["KO"], 400, MORNING)) == pytest.approx(waves(MONDAY, 400))  # kept
    assert home.host.count("/quotes/historicals/") == asked


def test_older_bars_are_brought_to_the_basis_of_todays(home: Home, tmp_path: Path) -> None:
    home.host.five_years = False
    split_on = date(2023, 1, 3)
    raw = {day: wave(day) * (2 if day < split_on else 1) * 3 for day in ALL if day <= date(2023, 9, 29)}
    older = price_file(tmp_path, raw, f"KO,{split_on},split,2\n")  # and a split of 3 for 1 after its end

    assert closes(home(older).history(["KO"], 600, MORNING)) == pytest.approx(waves(MONDAY, 600))


def test_older_bars_of_something_else_are_left_out(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.host.five_years = False
    older = price_file(tmp_path, {day: 20 + day.toordinal() % 5 for day in ALL if day <= date(2023, 9, 29)})

    assert len(closes(home(older).history(["KO"], 400, MORNING))) <= 252
    assert "older bars do not fit to the newer, and are left out: KO" in caplog.text


def test_dividends_of_the_homes_own_price_file_adjust(home: Home, tmp_path: Path) -> None:
    older = price_file(tmp_path, {day: wave(day) for day in ALL if day <= MONDAY}, "KO,2024-06-14,dividend,0.5\n")

    adjusted, plain = (closes(home(prices).history(["KO"], 30, MORNING)) for prices in (older, None))

    close = wave(date(2024, 6, 13))
    assert adjusted[0] == pytest.approx(plain[0] * (close - 0.5) / close) and adjusted[-1] == plain[-1]
