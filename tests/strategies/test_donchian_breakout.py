"""Donchian's channel with a stop by the average true range, on closes written by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from tradebot.core.model.signals import ExitPolicy
from tradebot.plugins.signal_validation import StrategySignals

NAME = "donchian_breakout"
WARMUP = 260

Ask = Callable[..., StrategySignals]

#: A quiet channel: closes of 99 to 101, so that its ceiling is 101 * 1.01 and its floor 99 * 0.99.
QUIET = [100 + (session % 3 - 1) for session in range(300)]


def test_a_close_above_the_channel_is_bought_and_one_below_it_sold(ask: Ask) -> None:
    answer = ask(NAME, {"AAPL": [*QUIET, 102.0, 104.0, 100.0, 98.0]})
    assert answer.entry[-4:, 0].tolist() == [False, True, False, False]  # the highest high is 103.02 by then
    assert answer.exit[-4:, 0].tolist() == [False, False, False, True]  # 98.01 is the lowest low
    assert not answer.entry[:-4].any()
    assert not answer.exit[:-4].any()


def test_a_close_at_the_edge_of_the_channel_is_neither(ask: Ask) -> None:
    answer = ask(NAME, {"AAPL": [*QUIET, 101 * 1.01]})
    assert not answer.entry[-1, 0]
    answer = ask(NAME, {"AAPL": [*QUIET, 99 * 0.99]})
    assert not answer.exit[-1, 0]


def test_its_numbers_are_parameters(ask: Ask) -> None:
    peak = [*QUIET[:240], 110.0, *QUIET[:30], 103.0]
    assert not ask(NAME, {"AAPL": peak}).entry[-1, 0]
    assert ask(NAME, {"AAPL": peak}, entry_sessions=20).entry[-1, 0]
    dip = [*QUIET[:265], 90.0, *QUIET[:10], 97.0]
    assert not ask(NAME, {"AAPL": dip}).exit[-1, 0]
    assert ask(NAME, {"AAPL": dip}, exit_sessions=5).exit[-1, 0]


@pytest.mark.parametrize(("multiple", "sessions"), [(2.0, 20), (3.0, 14)])
def test_the_stop_is_that_many_average_true_ranges_below_the_close(
    ask: Ask, wandering: list[float], multiple: float, sessions: int
) -> None:
    answer = ask(NAME, {"AAPL": wandering}, stop_atr=multiple, atr_sessions=sessions)
    bars = [(close * 1.01, close * 0.99, close) for close in wandering]
    ranges = [max(high, before) - min(low, before) for (_, _, before), (high, low, _) in pairwise(bars)]
    average = sum(ranges[:sessions]) / sessions
    for true_range in ranges[sessions:]:
        average += (true_range - average) / sessions
    assert answer.stop is not None
    assert answer.stop[-1, 0] == pytest.approx(multiple * average / wandering[-1], rel=1e-9)
    assert answer.exits == ExitPolicy()


def test_it_follows_its_rules_on_closes_without_pattern(ask: Ask, wandering: list[float]) -> None:
    answer = ask(NAME, {"AAPL": wandering})
    for row in range(WARMUP - 1, len(wandering)):
        ceiling, floor = max(wandering[row - 55 : row]) * 1.01, min(wandering[row - 20 : row]) * 0.99
        above, below = wandering[row] / ceiling, wandering[row] / floor
        assert answer.entry[row, 0] == (round(above, 6) > 1), row
        assert answer.exit[row, 0] == (round(below, 6) < 1), row
    assert answer.entry.sum() > 2
    assert answer.exit.sum() > 2


def test_the_strongest_breakout_is_served_first(ask: Ask) -> None:
    answer = ask(NAME, {"MILD": [*QUIET, 103.0], "HARD": [*QUIET, 106.0]})
    assert answer.entry[-1].all()
    assert answer.score[-1, 1] > answer.score[-1, 0]
