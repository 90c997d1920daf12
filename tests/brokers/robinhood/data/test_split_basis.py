"""Bars before a split are on its basis, whichever basis Robinhood tells them on."""

from __future__ import annotations

from datetime import date

import pytest

from tests.brokers.robinhood.data.conftest import (
    ALL,
    MONDAY,
    MORNING,
    TUESDAY,
    Home,
    closes,
    days,
    quote,
    split,
    wave,
    waves,
)


def ten_for_one(home: Home, on: date, *, adjusted: bool) -> None:
    """KO splits 10 for 1 ``on`` a day; the bars before it are told on its new basis or on the old one."""
    before = 1 if adjusted else 10
    home.host.candles["day"]["KO"] = days((day, wave(day) * (before if day < on else 1)) for day in ALL)
    home.host.splits["ko-id"] = [split(on.isoformat(), 10, 1)]


def old_prices(home: Home) -> None:
    home.host.candles["day"]["KO"] = days((day, wave(day) * 10) for day in ALL)


@pytest.mark.parametrize("adjusted", [True, False])
def test_on_the_day_of_a_split_history_is_on_its_basis_whatever_the_bars_are(adjusted: bool, home: Home) -> None:
    old_prices(home)
    home().history(["KO"], 280, MORNING)
    wednesday = date(2024, 7, 3)
    ten_for_one(home, wednesday, adjusted=adjusted)
    home.host.quotes["KO"] = quote("KO", 62, previous_close="620", adjusted_previous_close="62")

    history = home().history(["KO"], 280, home.on(wednesday))

    assert closes(history) == pytest.approx(waves(TUESDAY, 280))
    assert history.volume["KO"].iloc[0] == pytest.approx(10_000)


@pytest.mark.parametrize("adjusted", [True, False])
def test_after_a_split_bars_of_either_basis_are_one_history(adjusted: bool, home: Home) -> None:
    old_prices(home)
    home.host.five_years = False
    home().history(["KO"], 200, MORNING)
    ten_for_one(home, date(2024, 7, 8), adjusted=adjusted)

    history = home().history(["KO"], 280, home.on(date(2024, 9, 3)))

    assert closes(history) == pytest.approx(waves(date(2024, 8, 30), 280))


def test_bars_on_the_old_basis_are_brought_to_the_new_one_when_robinhood_does(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    old_prices(home)
    home().history(["KO"], 280, MORNING)
    split_on = date(2024, 7, 8)
    ten_for_one(home, split_on, adjusted=False)
    home().history(["KO"], 280, home.on(date(2024, 7, 9)))
    ten_for_one(home, split_on, adjusted=True)

    history = home().history(["KO"], 280, home.on(date(2024, 7, 10)))

    assert closes(history) == pytest.approx(waves(date(2024, 7, 9), 280))


def test_a_split_that_only_the_quote_shows_counts(home: Home) -> None:
    old_prices(home)
    home.host.quotes["KO"] = quote("KO", 62.003, previous_close="620", adjusted_previous_close="62.003")

    assert closes(home().history(["KO"], 100, MORNING)) == pytest.approx(waves(MONDAY, 100))


def test_a_fall_of_forty_percent_is_no_split(home: Home) -> None:
    crash = date(2024, 3, 1)
    prices = [(day, wave(day) * (1 if day < crash else 0.5)) for day in ALL]
    home.host.candles["day"]["KO"] = days(prices)

    history = home().history(["KO"], 280, MORNING)

    assert closes(history) == [price for day, price in prices if day <= MONDAY][-280:]
    home.host.asked.clear()
    home().history(["KO"], 280, home.on(date(2024, 7, 3)))
    assert home.host.count("/instruments/") == 0  # it is asked about once
