"""What an account sees of bars: as the embedded exchange and live's history show them at each session."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.backtest.worlds import SYMBOLS, World, world
from tradebot.backtest.bars import VOLUME_SESSIONS, bars_of, in_dollars, in_steps
from tradebot.core.model.account import ActionKind
from tradebot.jobs.steps.counters import average_volumes
from tradebot.market.adjust import back_adjust
from tradebot.plugins.signal_validation import map_frames


@pytest.fixture(scope="module")
def drawn() -> World:
    return world(7)


def test_volumes_are_averaged_as_live_averages_them(drawn: World) -> None:
    actions = [action for of_row in drawn.bars.actions.values() for action in of_row]
    for row in range(1, len(drawn.bars.sessions)):
        rows = slice(max(0, row - VOLUME_SESSIONS), row)
        history = map_frames(drawn.history, lambda frame, rows=rows: frame.iloc[rows])  # type: ignore[misc]
        live = average_volumes(back_adjust(history, actions, drawn.bars.sessions[row]), SYMBOLS)
        ours = drawn.bars.average_volume[row]
        assert {s: Decimal(int(ours[c])) for c, s in enumerate(SYMBOLS) if ours[c] >= 0} == live, row


def test_a_previous_close_is_on_the_basis_of_its_session(drawn: World) -> None:
    bars = drawn.bars
    (split,) = (a for of_row in bars.actions.values() for a in of_row if a.kind is ActionKind.SPLIT)
    row, column = bars.sessions.index(split.ex_date), SYMBOLS.index(split.symbol)
    before = max(r for r in range(row) if bars.traded[r, column])
    expected = (in_dollars(int(bars.close[before, column])) / split.value).quantize(Decimal("0.0001"))
    assert in_dollars(int(bars.previous[row, column])) == expected
    assert (
        bars.previous[row - 1, column] == bars.close[max(r for r in range(row - 1) if bars.traded[r, column]), column]
    )


def test_what_does_not_trade_is_valued_at_the_newest_close_and_reaches_no_order(drawn: World) -> None:
    bars = drawn.bars
    idle = ~bars.traded
    assert idle.any()
    assert (bars.close_mark[idle] == bars.previous[idle]).all()
    assert (bars.high[idle] == 0).all()
    assert (bars.low[idle] > 10**15).all()


def test_prices_are_exact_and_a_symbol_without_bars_has_none(drawn: World) -> None:
    assert [str(in_dollars(steps)) for steps in (123400, 1234, 123450)] == ["12.34", "0.1234", "12.3450"]
    assert in_steps(Decimal("12.34")) == 123400
    unknown = bars_of(drawn.history, (), ["AA", "ZZ"])
    assert not unknown.traded[:, 1].any()
    assert np.array_equal(unknown.close[:, 0], drawn.bars.close[:, 0])
