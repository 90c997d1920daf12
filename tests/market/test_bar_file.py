"""Files of bars that cannot be fetched again. Those that can are tested with the market data of Alpaca."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tradebot.core.model.account import CalendarDay
from tradebot.market.bar_file import BarFile
from tradebot.market.bar_table import Bars
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar

FIRST, LAST = date(2024, 7, 1), date(2024, 7, 9)


def file_at(folder: Path, calendar: CorrectedCalendar | NyseCalendar, *, irreplaceable: bool = True) -> BarFile:
    return BarFile(folder / "bars", "host", calendar, irreplaceable)


def table() -> Bars:
    sessions = [hours.session for hours in NyseCalendar().between(FIRST, LAST)]
    bars = Bars.empty(["KO", "IBM"], sessions)
    bars.values[:, :, 0] = np.arange(len(sessions)) + 60
    bars.values[:, :-1, 1] = 170
    return bars


def test_a_newest_session_that_is_not_whole_is_kept(tmp_path: Path) -> None:
    file_at(tmp_path, NyseCalendar()).save(table(), LAST)

    loaded = file_at(tmp_path, NyseCalendar()).load()

    assert loaded is not None and loaded.sessions[-1] == LAST
    file_at(tmp_path, NyseCalendar(), irreplaceable=False).save(table(), LAST)
    loaded = file_at(tmp_path, NyseCalendar()).load()
    assert loaded is not None and loaded.sessions[-1] == date(2024, 7, 8)


def test_a_corrected_calendar_costs_no_bar(tmp_path: Path) -> None:
    file_at(tmp_path, NyseCalendar()).save(table(), LAST)
    corrected = CorrectedCalendar(NyseCalendar())
    corrected.correct([CalendarDay(date(2024, 7, 5), None)])

    loaded = file_at(tmp_path, corrected).load()

    assert loaded is not None and date(2024, 7, 5) not in loaded.sessions
    assert [price for _, price in loaded.closes("KO")] == [60, 61, 62, 64, 65]
    assert file_at(tmp_path, corrected, irreplaceable=False).load() is None


def test_a_file_that_cannot_be_used_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "bars").write_bytes(b"damaged")

    assert file_at(tmp_path, NyseCalendar()).load() is None

    assert (tmp_path / "bars.unusable").read_bytes() == b"damaged" and not (tmp_path / "bars").exists()
    assert "bars.unusable now" in caplog.text
    assert file_at(tmp_path, NyseCalendar()).load() is None  # there is none
