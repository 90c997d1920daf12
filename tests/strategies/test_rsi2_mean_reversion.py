"""Connors' RSI 2 rules, on closes written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from tradebot.core.model.signals import ExitPolicy
from tradebot.plugins.signal_validation import StrategySignals

NAME = "rsi2_mean_reversion"
WARMUP = 220

Ask = Callable[..., StrategySignals]
Indicator = Callable[[Sequence[float], int], float]

RISE = [100 + 0.2 * session for session in range(250)]


def test_a_sharp_fall_in_an_uptrend_is_bought_and_its_bounce_sold(ask: Ask) -> None:
    closes = [*RISE, RISE[-1] - 3, RISE[-1] - 6, RISE[-1] - 4, RISE[-1] + 1]
    answer = ask(NAME, {"AAPL": closes})
    assert answer.entry[-4:, 0].tolist() == [True, True, False, False]
    assert answer.exit[-4:, 0].tolist() == [False, False, False, True]
    assert not answer.entry[:-4].any()


def test_the_same_fall_in_a_downtrend_is_not(ask: Ask) -> None:
    decline = [200 - 0.2 * session for session in range(250)]
    answer = ask(NAME, {"AAPL": [*decline, decline[-1] - 3, decline[-1] - 6]})
    assert not answer.entry.any()


def test_a_fall_through_the_long_average_is_not(ask: Ask, average: Indicator) -> None:
    closes = [*RISE, 0.0]
    closes[-1] = average([*RISE, 120.0], 200) - 5
    assert not ask(NAME, {"AAPL": closes}).entry[-1, 0]


@pytest.mark.parametrize(("limit", "bought"), [(5.0, False), (10.0, True)])
def test_the_limit_of_the_rsi_is_a_parameter(ask: Ask, rsi: Indicator, limit: float, bought: bool) -> None:
    closes = [*RISE, RISE[-1] - 2.6]
    assert 5 < rsi(closes, 2) < 10
    assert ask(NAME, {"AAPL": closes}, rsi_below=limit).entry[-1, 0] == bought


def test_it_follows_its_rules_on_closes_without_pattern(
    ask: Ask, wandering: list[float], average: Indicator, rsi: Indicator
) -> None:
    answer = ask(NAME, {"AAPL": wandering})
    for row in range(WARMUP - 1, len(wandering)):
        past = wandering[: row + 1]
        oversold = past[-1] > average(past, 200) and rsi(past, 2) < 10
        bounced = past[-1] > average(past, 5)
        assert answer.entry[row, 0] == (oversold and not bounced), row
        assert answer.exit[row, 0] == bounced, row
    assert answer.entry.sum() > 5
    assert answer.exit.sum() > 100


def test_the_sharpest_fall_is_served_first(ask: Ask) -> None:
    answer = ask(NAME, {"MILD": [*RISE, RISE[-1] - 2], "HARD": [*RISE, RISE[-1] - 5]})
    assert answer.entry[-1].all()
    assert answer.score[-1, 1] > answer.score[-1, 0]


def test_every_position_has_a_stop_and_an_age_at_which_it_ends(ask: Ask) -> None:
    assert ask(NAME, {"AAPL": RISE}).exits == ExitPolicy(stop=Decimal("0.05"), max_sessions=10)
    changed = ask(NAME, {"AAPL": RISE}, stop=0.08, max_sessions=5)
    assert changed.exits == ExitPolicy(stop=Decimal("0.08"), max_sessions=5)
