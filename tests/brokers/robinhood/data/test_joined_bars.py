"""Older bars joined to newer ones on the split basis of the newer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from tests.fakes.data_host import CALENDAR
from tradebot.brokers.robinhood.data.joined_bars import join
from tradebot.market.bar_table import Bars, Numbers

DAYS = [hours.session for hours in CALENDAR.between(date(2024, 1, 2), date(2024, 6, 28))]


def table(sessions: Sequence[date], **prices: float | Sequence[float] | Numbers) -> Bars:
    """Bars whose four prices are the same, or one price for all, with a volume of 100."""
    bars = Bars.empty(tuple(prices), sessions)
    for column, closes in enumerate(prices.values()):
        bars.values[:4, :, column] = closes
        bars.values[4, :, column] = 100
    return bars


def closes(bars: Bars, symbol: str) -> list[float]:
    return [price for _, price in bars.closes(symbol)]


def test_equal_bars_in_common_join_as_they_are() -> None:
    joined = join(table(DAYS[:60], KO=60), table(DAYS[30:], KO=60))

    assert closes(joined.bars, "KO") == [60.0] * len(DAYS) and joined.bars.sessions == tuple(DAYS)
    assert not joined.rebased and not joined.dropped


def test_after_a_split_the_older_bars_are_on_the_basis_of_the_newer() -> None:
    joined = join(table(DAYS[:60], NVDA=1200), table(DAYS[30:], NVDA=120))

    assert closes(joined.bars, "NVDA") == pytest.approx([120.0] * len(DAYS))
    assert joined.bars.values[4, 0, 0] == pytest.approx(1000) and joined.bars.values[4, -1, 0] == 100
    assert joined.rebased == {"NVDA"}


def test_a_split_within_the_common_sessions_counts_for_what_lies_before_it() -> None:
    stored = table(DAYS[:60], NVDA=[1200.0] * 55 + [120.0] * 5)  # the newest five were fetched after the split

    joined = join(stored, table(DAYS[30:], NVDA=120))

    assert closes(joined.bars, "NVDA") == pytest.approx([120.0] * len(DAYS))


def test_the_newer_bar_wins_where_both_have_one() -> None:
    newer = table(DAYS[30:], KO=60)
    newer.values[3, 5, 0] = 60.1  # a corrected close

    assert closes(join(table(DAYS[:60], KO=60), newer).bars, "KO")[35] == 60.1


@pytest.mark.parametrize(
    "older",
    [
        table(DAYS[:60], KO=np.linspace(40, 80, 60)),  # another company's
        table(DAYS[:20], KO=60),  # nothing in common
        table(DAYS[:33], KO=60),  # too little in common
    ],
)
def test_bars_that_do_not_fit_are_dropped_and_told(older: Bars) -> None:
    joined = join(older, table(DAYS[30:], KO=60))

    assert closes(joined.bars, "KO") == [60.0] * len(DAYS[30:])
    assert joined.dropped == {"KO"}


def test_bars_of_two_sources_that_differ_a_little_join() -> None:
    older = table(DAYS[:60], KO=60 + np.sin(np.arange(60)) * 0.1)

    joined = join(older, table(DAYS[30:], KO=60))

    assert len(closes(joined.bars, "KO")) == len(DAYS) and not joined.rebased


def test_symbols_of_one_table_alone_keep_their_bars() -> None:
    joined = join(table(DAYS[:60], IBM=170), table(DAYS[30:], KO=60))

    assert closes(joined.bars, "IBM") == [170.0] * 60 and closes(joined.bars, "KO") == [60.0] * len(DAYS[30:])


def test_a_symbol_without_a_new_bar_keeps_its_old_ones() -> None:
    newer = table(DAYS[30:], KO=np.nan)

    assert closes(join(table(DAYS[:60], KO=60), newer).bars, "KO") == [60.0] * 60
