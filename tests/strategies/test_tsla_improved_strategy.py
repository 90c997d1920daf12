"""The trend strategy's rules, on closes written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from tradebot.core.model.signals import ExitPolicy
from tradebot.plugins.signal_validation import StrategySignals

NAME = "tsla_improved_strategy"
WARMUP = 250

Ask = Callable[..., StrategySignals]
Indicator = Callable[[Sequence[float], int], float]


def climbing(sessions: int, up: float = 0.30, down: float = 0.25) -> list[float]:
    """Up and down in turn, a little more up: a rising trend whose RSI hovers around up / (up + down)."""
    closes = [100.0]
    for session in range(sessions - 1):
        closes.append(closes[-1] + (up if session % 2 == 0 else -down))
    return closes


def test_a_pullback_in_an_uptrend_is_bought(ask: Ask) -> None:
    answer = ask(NAME, {"AAPL": climbing(300)})
    assert answer.entry[WARMUP - 1 :].all()
    assert not answer.entry[: WARMUP - 1].any()
    assert not answer.exit.any()


def test_an_uptrend_that_runs_too_hot_is_not(ask: Ask) -> None:
    hot = ask(NAME, {"AAPL": climbing(300, up=0.60, down=0.20)})
    assert not hot.entry.any()
    assert not hot.exit.any()
    assert ask(NAME, {"AAPL": climbing(300, up=0.60, down=0.20)}, rsi_below=90.0).entry[-1, 0]


def test_a_dip_below_the_fifty_day_average_alone_is_neither_bought_nor_sold(ask: Ask, average: Indicator) -> None:
    closes = climbing(300, up=0.40, down=0.20)
    closes.append(average(closes, 50) - 1.0)
    assert closes[-1] > average(closes, 200)
    answer = ask(NAME, {"AAPL": closes})
    assert not answer.entry[-1, 0]
    assert not answer.exit[-1, 0]


def test_a_close_below_the_two_hundred_day_average_ends_the_position(ask: Ask, average: Indicator) -> None:
    closes = climbing(300)
    closes.append(average(closes, 200) * 0.99)
    answer = ask(NAME, {"AAPL": closes})
    assert answer.exit[-1, 0]
    assert not answer.exit[:-1].any()


def test_a_price_that_never_moves_is_neither_above_nor_below_its_average(ask: Ask) -> None:
    answer = ask(NAME, {"AAPL": [33.33] * 300})
    assert not answer.entry.any()
    assert not answer.exit.any()


def test_it_follows_its_rules_on_closes_without_pattern(
    ask: Ask, wandering: list[float], average: Indicator, rsi: Indicator
) -> None:
    answer = ask(NAME, {"AAPL": wandering})
    for row in range(WARMUP - 1, len(wandering)):
        past = wandering[: row + 1]
        above_both = past[-1] > average(past, 50) and past[-1] > average(past, 200)
        assert answer.entry[row, 0] == (above_both and rsi(past, 14) < 60), row
        assert answer.exit[row, 0] == (past[-1] < average(past, 200)), row
    assert answer.entry.sum() > 20
    assert answer.exit.sum() > 20


def test_the_deepest_pullback_is_served_first(ask: Ask) -> None:
    calm, deep = climbing(300), climbing(300)
    deep[-1] -= 0.5
    answer = ask(NAME, {"CALM": calm, "DEEP": deep})
    assert answer.entry[-1].all()
    assert answer.score[-1, 1] > answer.score[-1, 0]


def test_the_runbooks_figures_are_the_defaults(ask: Ask) -> None:
    answer = ask(NAME, {"AAPL": climbing(300)})
    assert answer.exits == ExitPolicy(
        stop=Decimal("0.01"), target=Decimal("0.15"), trail_trigger=Decimal("0.05"), trail_offset=Decimal("0.005")
    )
    assert answer.risk_pct == 0.005


def test_a_symbol_listed_later_warms_up_on_its_own(ask: Ask) -> None:
    nan = float("nan")
    answer = ask(NAME, {"OLD": climbing(400), "NEW": [nan] * 100 + climbing(300)})
    assert answer.entry[WARMUP - 1 :, 0].all()
    assert not answer.entry[: 100 + WARMUP - 1, 1].any()
    assert answer.entry[100 + WARMUP - 1 :, 1].all()


def test_one_missing_bar_does_not_blind_it(ask: Ask) -> None:
    closes = climbing(300)
    closes[200] = float("nan")
    assert ask(NAME, {"AAPL": closes}).entry[WARMUP:].all()
