"""Back-adjustment against figures worked out by hand, and against what must hold for any action."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.market.adjust import back_adjust
from tradebot.strategy_api import History

DAYS = pd.DatetimeIndex(["2007-01-03", "2007-01-04", "2007-01-05", "2007-01-08"])
NAN = float("nan")


def history_of(**closes: list[float]) -> History:
    """A history whose open, high, low lie around the given closes; 1,000 shares a day."""
    close = pd.DataFrame(closes, index=DAYS, dtype="float64")
    return History(
        open=close - 0.5, high=close + 1, low=close - 1, close=close, volume=close.where(close.isna(), 1000.0)
    )


def split(symbol: str, day: str, ratio: str) -> CorporateAction:
    return CorporateAction(symbol, date.fromisoformat(day), ActionKind.SPLIT, Decimal(ratio))


def dividend(symbol: str, day: str, amount: str) -> CorporateAction:
    return CorporateAction(symbol, date.fromisoformat(day), ActionKind.DIVIDEND, Decimal(amount))


AS_OF = date(2007, 1, 8)


def test_a_split_divides_prices_before_it_and_multiplies_their_volume() -> None:
    raw = history_of(AAPL=[90.0, 88.0, 44.5, 45.0])

    adjusted = back_adjust(raw, [split("AAPL", "2007-01-05", "2")], AS_OF)

    assert adjusted.close["AAPL"].tolist() == [45.0, 44.0, 44.5, 45.0]
    assert adjusted.open["AAPL"].tolist() == [44.75, 43.75, 44.0, 44.5]
    assert adjusted.high["AAPL"].tolist() == [45.5, 44.5, 45.5, 46.0]
    assert adjusted.low["AAPL"].tolist() == [44.5, 43.5, 43.5, 44.0]
    assert adjusted.volume["AAPL"].tolist() == [2000.0, 2000.0, 1000.0, 1000.0]


def test_a_reverse_split_does_the_opposite() -> None:
    adjusted = back_adjust(history_of(X=[2.0, 2.0, 20.0, 20.0]), [split("X", "2007-01-05", "0.1")], AS_OF)

    assert adjusted.close["X"].tolist() == [20.0, 20.0, 20.0, 20.0]
    assert adjusted.volume["X"].tolist() == [100.0, 100.0, 1000.0, 1000.0]


def test_a_dividend_takes_its_share_of_the_close_before_it_and_leaves_volume_alone() -> None:
    raw = history_of(MSFT=[40.0, 30.0, 27.0, 28.0])

    adjusted = back_adjust(raw, [dividend("MSFT", "2007-01-05", "3")], AS_OF)

    assert adjusted.close["MSFT"].tolist() == [36.0, 27.0, 27.0, 28.0]  # (30 - 3) / 30 = 0.9
    assert adjusted.volume["MSFT"].tolist() == [1000.0] * 4


def test_actions_multiply_each_symbol_its_own() -> None:
    raw = history_of(A=[100.0, 80.0, 36.0, 36.0], B=[10.0, 10.0, 10.0, 10.0])
    actions = [dividend("A", "2007-01-04", "10"), split("A", "2007-01-05", "2"), dividend("C", "2007-01-05", "1")]

    adjusted = back_adjust(raw, actions, AS_OF)

    assert adjusted.close["A"].tolist() == [45.0, 40.0, 36.0, 36.0]  # 100 x 0.9 / 2
    assert adjusted.close["B"].tolist() == [10.0] * 4


def test_a_dividend_on_the_day_of_a_split_is_for_one_old_share() -> None:
    actions = [dividend("A", "2007-01-05", "10"), split("A", "2007-01-05", "2")]

    adjusted = back_adjust(history_of(A=[100.0, 100.0, 45.0, 45.0]), actions, AS_OF)

    assert adjusted.close["A"].tolist() == [45.0, 45.0, 45.0, 45.0]


def test_an_action_counts_from_its_ex_date_and_not_before() -> None:
    raw = history_of(A=[90.0, 88.0, 44.5, 45.0])
    known = [split("A", "2007-01-09", "2"), dividend("A", "2007-01-10", "1")]

    day_before = back_adjust(raw, known, date(2007, 1, 8))
    morning = back_adjust(raw, known, date(2007, 1, 9))

    pd.testing.assert_frame_equal(day_before.close, raw.close, check_exact=True)
    assert morning.close["A"].tolist() == [45.0, 44.0, 22.25, 22.5]


def test_an_ex_date_without_a_bar_counts_from_the_next_bar() -> None:
    raw = history_of(A=[90.0, NAN, NAN, 44.0])

    assert back_adjust(raw, [split("A", "2007-01-05", "2")], AS_OF).close["A"].dropna().tolist() == [45.0, 44.0]
    assert back_adjust(raw, [dividend("A", "2007-01-05", "9")], AS_OF).close["A"].dropna().tolist() == [81.0, 44.0]


@pytest.mark.parametrize("ex_date", ["2006-12-29", "2007-01-03"])
def test_an_action_before_the_first_bar_changes_nothing(ex_date: str) -> None:
    raw = history_of(A=[NAN, NAN, 44.0, 45.0])
    actions = [split("A", ex_date, "2"), dividend("A", ex_date, "1"), dividend("A", "2007-01-05", "1")]

    pd.testing.assert_frame_equal(back_adjust(raw, actions, AS_OF).close, raw.close, check_exact=True)


def test_no_rows_and_no_symbols_are_fine() -> None:
    raw = history_of(A=[1.0, 2.0, 3.0, 4.0])
    none = pd.DataFrame(index=DAYS[:0], columns=["A"], dtype="float64")
    empty = History(none, none, none, none, none)

    assert back_adjust(empty, [split("A", "2007-01-04", "2")], AS_OF).close.empty
    assert back_adjust(raw, [], AS_OF).close["A"].tolist() == [1.0, 2.0, 3.0, 4.0]


price = st.integers(100, 100_000).map(lambda cents: cents / 100)


@given(
    st.lists(price, min_size=4, max_size=4),
    st.sampled_from([day.date() for day in DAYS[1:]]),
    st.sampled_from(["2", "3", "1.5", "0.1"]),
    st.integers(1, 90),
)
def test_the_return_across_an_ex_date_is_the_holders_return(
    closes: list[float], ex_date: date, ratio: str, percent: int
) -> None:
    """One share held from the close before: worth ratio new shares, and its dividend is reinvested before the gap."""
    position = int(DAYS.searchsorted(pd.Timestamp(ex_date)))
    before, after = closes[position - 1], closes[position]
    amount = Decimal(repr(round(before * percent / 100, 4)))
    raw = history_of(A=closes)

    by_split = back_adjust(raw, [split("A", str(ex_date), ratio)], AS_OF).close["A"]
    by_dividend = back_adjust(raw, [dividend("A", str(ex_date), str(amount))], AS_OF).close["A"]

    assert np.isclose(by_split.iloc[position] / by_split.iloc[position - 1], after * float(ratio) / before)
    assert np.isclose(by_dividend.iloc[position] / by_dividend.iloc[position - 1], after / (before - float(amount)))
    assert (by_dividend > 0).all()
