"""A data host of Alpaca's, and what opens markets over it. ``four`` serves four symbols and the S&P 500's fund."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.fakes.data_host import CALENDAR, SESSIONS, DataHost, Open, bars_of, serving
from tradebot.strategy_api import History

FRIDAY = date(2024, 7, 5)
SYMBOLS = ["BRK.B", "IBM", "KO", "XOM"]
ALL = [hours.session for hours in CALENDAR.between(SESSIONS[0], FRIDAY)]


@pytest.fixture
def host() -> Iterator[DataHost]:
    with serving(DataHost()) as told:
        yield told


@pytest.fixture
def market(host: DataHost, tmp_path: Path) -> Open:
    return Open(host, tmp_path / "state")


@pytest.fixture
def four(host: DataHost) -> DataHost:
    host.bars = {symbol: bars_of(symbol, ALL) for symbol in (*SYMBOLS, "SPY")}
    return host


def same(seen: History, expected: History) -> None:
    for mine, cold in zip(vars(seen).values(), vars(expected).values(), strict=True):
        pd.testing.assert_frame_equal(mine, cold, check_exact=True)


@pytest.fixture
def two(host: DataHost) -> DataHost:
    host.bars = {symbol: bars_of(symbol) for symbol in ("IBM", "KO", "SPY")}
    return host
