"""The monthly rotation's rules, on closes written by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np

from tradebot.core.model.signals import ExitPolicy
from tradebot.plugins.signal_validation import StrategySignals

NAME = "momentum_rotation"
WARMUP = 280
SESSIONS = 340

Ask = Callable[..., StrategySignals]


def growing(daily: float, sessions: int = SESSIONS) -> list[float]:
    return [100 * (1 + daily) ** session for session in range(sessions)]


FIVE = {
    "FALLING": growing(-0.001),
    "FAST": growing(0.002),
    "FLAT": growing(0.0),
    "MIDDLING": growing(0.001),
    "SLOW": growing(0.0005),
}


def rotations(answer: StrategySignals) -> list[int]:
    """The rows that are the first session of a month, once the symbols are warm."""
    months = [(day.year, day.month) for day in answer.sessions]
    return [row for row in range(WARMUP - 1, len(months)) if months[row] != months[row - 1]]


def chosen(answer: StrategySignals, row: int) -> set[str]:
    return {answer.symbols[column] for column in np.flatnonzero(answer.entry[row])}


def test_the_best_two_are_bought_after_the_first_session_of_a_month_only(ask: Ask) -> None:
    answer = ask(NAME, FIVE)
    assert len(rotations(answer)) == 3
    for row in range(len(answer.sessions)):
        assert chosen(answer, row) == ({"FAST", "MIDDLING"} if row in rotations(answer) else set())


def test_how_many_are_held_is_a_parameter_and_what_fell_is_never_bought(ask: Ask) -> None:
    answer = ask(NAME, FIVE, hold=5)
    row = rotations(answer)[0]
    assert chosen(answer, row) == {"FAST", "MIDDLING", "SLOW"}


def test_momentum_leaves_out_the_newest_month(ask: Ask) -> None:
    closes = growing(0.001)
    closes[-21:] = [1.0] * 21
    answer = ask(NAME, {"AAPL": closes, "IBM": growing(0.0005)})
    momentum = answer.indicators["momentum"]
    assert np.isclose(momentum[-1, 0], 1.001 ** (252 - 21) - 1)
    assert answer.indicators["rank"][-1].tolist() == [1.0, 2.0]


def test_a_symbol_that_falls_behind_leaves_at_the_rotation_and_not_before(ask: Ask) -> None:
    fading, rising = growing(0.002, 500), growing(-0.0005, 500)
    for session in range(300, 500):
        fading[session] = fading[session - 1] * 0.997
        rising[session] = rising[session - 1] * 1.004
    answer = ask(NAME, {"FADING": fading, "OTHER": growing(0.0001, 500), "RISING": rising}, hold=1)
    leaders = [chosen(answer, row) for row in rotations(answer)]
    change = leaders.index({"RISING"})
    assert leaders[:change] == [{"FADING"}] * change
    assert change > 0
    left = rotations(answer)[change]
    fading_column = answer.symbols.index("FADING")
    assert not answer.exit[WARMUP - 1 : left, fading_column].any()
    assert answer.exit[left:, fading_column].all(), "a run that was missed is made up for on any later day"
    assert not answer.exit[left:, answer.symbols.index("RISING")].any()


def test_equals_are_ranked_by_name_in_any_order_of_columns(ask: Ask) -> None:
    same = growing(0.001)
    for symbols in (["AAA", "BBB", "CCC"], ["CCC", "AAA", "BBB"]):
        answer = ask(NAME, dict.fromkeys(symbols, same))
        row = rotations(answer)[0]
        assert chosen(answer, row) == {"AAA", "BBB"}


def test_the_first_row_of_a_history_is_no_rotation(ask: Ask) -> None:
    answer = ask(NAME, FIVE, start="2006-02-01")
    assert not answer.entry[0].any()
    assert not answer.exit[0].any()


def test_one_missing_bar_on_the_very_day_changes_no_rank(ask: Ask) -> None:
    answer = ask(NAME, FIVE)
    row = rotations(answer)[0]
    holed = {symbol: list(closes) for symbol, closes in FIVE.items()}
    holed["FAST"][row] = float("nan")
    holed["FAST"][row - 252] = float("nan")
    again = ask(NAME, holed)
    assert chosen(again, row) == {"MIDDLING"}, "without a price of its own it is not signalled that day"
    assert again.indicators["rank"][row].tolist() == answer.indicators["rank"][row].tolist()
    assert not again.exit[row:, answer.symbols.index("FAST")].any()


def test_what_no_longer_trades_takes_no_place(ask: Ask) -> None:
    ended = {symbol: list(closes) for symbol, closes in FIVE.items()}
    ended["FAST"][-40:] = [float("nan")] * 40
    answer = ask(NAME, ended)
    assert chosen(answer, rotations(answer)[-1]) == {"MIDDLING", "SLOW"}


def test_the_strongest_is_served_first_and_has_a_stop_but_no_target(ask: Ask) -> None:
    answer = ask(NAME, FIVE)
    row = rotations(answer)[0]
    fast, middling = answer.symbols.index("FAST"), answer.symbols.index("MIDDLING")
    assert answer.score[row, fast] > answer.score[row, middling] > 0
    assert answer.exits == ExitPolicy(stop=Decimal("0.1"))
