"""Digests of bars: every change of a bar changes that of its symbol alone."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from tradebot.market.bar_digest import bar_digests
from tradebot.strategy_api import History

DAYS = pd.DatetimeIndex(["2007-01-03", "2007-01-04", "2007-01-05"])


def history(days: pd.DatetimeIndex = DAYS) -> History:
    close = pd.DataFrame({"AAPL": [1.0, 2.0, 3.0], "IBM": [7.0, 8.0, np.nan]}, index=days)
    return History(open=close - 0.5, high=close + 1, low=close - 1, close=close, volume=close * 1000)


def test_equal_bars_have_equal_digests_however_they_are_kept() -> None:
    usual = bar_digests(history())
    fortran = History(**{f.name: pd.DataFrame(np.asfortranarray(getattr(history(), f.name)), DAYS, ["AAPL", "IBM"])
                         for f in fields(History)})  # fmt: skip
    finer = history(DAYS.as_unit("ns"))
    other_nan = replace(history(), close=history().close.replace(np.nan, -np.float64("nan")))
    assert [len(each) for each in usual.values()] == [8, 8]
    assert usual == bar_digests(fortran) == bar_digests(finer) == bar_digests(other_nan)
    one = History(**{f.name: getattr(history(), f.name)[["IBM"]] for f in fields(History)})
    assert bar_digests(one) == {"IBM": usual["IBM"]}, "whatever symbols stand beside it"


@pytest.mark.parametrize("name", [field.name for field in fields(History)])
def test_a_change_of_one_value_changes_the_digest_of_its_symbol(name: str) -> None:
    usual, changed = history(), history()
    frame = getattr(changed, name)
    frame.iloc[1, 0] = np.nextafter(frame.iloc[1, 0], 9)
    before, after = bar_digests(usual), bar_digests(changed)
    assert before["AAPL"] != after["AAPL"]
    assert before["IBM"] == after["IBM"]


def test_other_sessions_and_swapped_fields_are_another_history() -> None:
    later, swapped = history(DAYS + pd.Timedelta(days=1)), replace(history(), high=history().low, low=history().high)
    digests = [bar_digests(each)["AAPL"] for each in (history(), later, swapped)]
    assert len(set(digests)) == 3
