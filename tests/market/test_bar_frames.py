"""Bars as the frames that strategies get."""

from __future__ import annotations

from datetime import date

import numpy as np

from tradebot.market.bar_frames import as_history
from tradebot.market.bar_table import Bars

DAYS = [date(2024, 7, day) for day in (1, 2, 3)]


def test_symbols_stand_in_the_order_asked_for_and_sessions_that_nobody_traded_in_are_left_out() -> None:
    bars = Bars.empty(("IBM", "KO"), DAYS)
    bars.values[:, 0, 0] = [10, 12, 9, 11, 1000]  # IBM on the first, KO on the third, nobody on the second
    bars.values[:, 2, 1] = [60, 62, 59, 61, 500]
    history = as_history(bars, ["KO", "IBM"])
    assert [day.date() for day in history.close.index] == [DAYS[0], DAYS[2]]
    assert list(history.close.columns) == ["KO", "IBM"]
    for frame, ibm, ko in (
        (history.open, 10, 60), (history.high, 12, 62), (history.low, 9, 59), (history.close, 11, 61),
        (history.volume, 1000, 500),
    ):  # fmt: skip
        np.testing.assert_array_equal(frame.to_numpy(), [[np.nan, ibm], [ko, np.nan]])
