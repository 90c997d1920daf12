"""Conditions of a strategy: filled and kept with its signals, and at fault alone where they are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradebot.core.model.signals import Action, Condition, Readiness, Signal
from tradebot.core.results.preflight_checks import CheckResult
from tradebot.plugins.check import check_strategy
from tradebot.plugins.conditions import MAX_CONDITION_LENGTH, MAX_CONDITIONS, StatedConditions, validate_conditions
from tradebot.plugins.discovery import find
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.strategy_book import StrategyBook
from tradebot.ports import StrategyFailure
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]
MakeBook = Callable[..., StrategyBook]


def stating(sound: str, conditions: str) -> str:
    return sound.replace("columns_used={", f"conditions={conditions}, columns_used={{")


def answered(
    write: WriteStrategy, book_of: MakeBook, history: History, code: str
) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
    write(code=code)
    return book_of().signals(history)


def test_each_condition_is_filled_and_told_apart(
    write_strategy: WriteStrategy, book_of: MakeBook, history: History, sound: str
) -> None:
    code = stating(sound, '{"ratio {ratio:.2f} above 1": ratio > 1, "a price": close > 0}')
    close = history.close.copy()
    close.iloc[-1] = close.iloc[-2].to_numpy() * np.array([2.0, 0.5, 0.9])
    signals, failures = answered(write_strategy, book_of, replace(history, close=close), code)
    assert failures == ()
    first, second, _ = signals
    (met, priced), (unmet, _) = first.conditions, second.conditions
    assert (met.met, unmet.met) == (True, False)
    assert met.text == f"ratio {dict(first.values)['ratio']:.2f} above 1"
    assert priced == Condition("a price", met=True)
    assert first.action is Action.ENTER


def test_a_symbol_in_its_warm_up_and_one_without_a_price_state_none(
    write_strategy: WriteStrategy, book_of: MakeBook, history: History, sound: str
) -> None:
    code = stating(sound, '{"a price": close > 0}')
    close = history.close.copy()
    close.loc[close.index[:-3], "AAA"] = np.nan
    close.loc[close.index[-1], "BBB"] = np.nan
    signals, _ = answered(write_strategy, book_of, replace(history, close=close), code)
    young, gone, ready = signals
    assert [each.readiness for each in signals] == [Readiness.WARMING_UP, Readiness.NO_DATA, Readiness.READY]
    assert (young.conditions, gone.conditions) == ((), ())
    assert ready.conditions == (Condition("a price", met=True),)


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ("3", "conditions is a int, not a dict of DataFrames"),
        ('{"x": 1.0}', "conditions['x'] is a float, not a DataFrame"),
        ('{"x": close}', "conditions['x'] has values of type float64; it must be boolean"),
        ('{"x": (close > 0).iloc[1:]}', "conditions['x'] has 59 rows whose index is not that of the history's"),
        ("{1: close > 0}", "conditions[1] has a int for its text"),
        ('{"{missing}": close > 0}', "conditions['{missing}'] cannot be filled in (KeyError('missing'))"),
        ('{"{close.__class__.x}": close > 0}', "cannot be filled in (AttributeError"),
        ("{str(n): close > 0 for n in range(17)}", f"conditions has 17 DataFrames; {MAX_CONDITIONS} are the most"),
        ('type("Odd", (dict,), {"__len__": lambda self: 1 / 0})()', "conditions cannot be read (ZeroDivisionError)"),
    ],
)
def test_a_wrong_one_is_told_and_costs_no_signal(
    write_strategy: WriteStrategy, book_of: MakeBook, history: History, sound: str, conditions: str, told: str
) -> None:
    right, _ = answered(write_strategy, book_of, history, sound)
    signals, (failure,) = answered(write_strategy, book_of, history, stating(sound, conditions))
    assert [(each.symbol, each.action, each.score) for each in signals] == [
        (each.symbol, each.action, each.score) for each in right
    ]
    assert all(each.conditions == () for each in signals)
    assert failure.has_signals
    assert told in failure.message


def test_long_texts_are_cut_and_made_one_printable_line(
    write_strategy: WriteStrategy, book_of: MakeBook, history: History, sound: str
) -> None:
    code = stating(sound, '{"\\x1b[31m" + "long " * 100: close > 0}')
    signals, failures = answered(write_strategy, book_of, history, code)
    (condition,) = signals[0].conditions
    assert failures == ()
    assert len(condition.text) <= MAX_CONDITION_LENGTH
    assert condition.text.isprintable()


def test_what_came_in_another_shape_is_left_out() -> None:
    shape = (1, 2)
    right = StatedConditions(("x",), (np.array([[True, False]]),), (("x", "x"),))
    assert validate_conditions(right, shape).fault == ""
    for wrong in (
        replace(right, met=(np.array([[True]]),)),
        replace(right, met=(np.array([[1.0, 0.0]]),)),
        replace(right, texts=(("x",),)),
        replace(right, templates=()),
    ):
        assert validate_conditions(wrong, shape).fault == "conditions came in another shape than the signals"
        assert validate_conditions(wrong, shape).met == ()


@pytest.mark.parametrize(
    ("conditions", "result", "told"),
    [
        ('{"ratio above 1": ratio > 1.0}', CheckResult.PASS, "entries are where all of these are met: ratio above 1"),
        ('{"ratio above 2": ratio > 2.0}', CheckResult.WARN, "an entry does not meet every condition on 20"),
        ('{"a price": close > 0}', CheckResult.WARN, "all are met without an entry on 20"),
        ("3", CheckResult.WARN, "conditions is a int, not a dict of DataFrames"),
    ],
)
def test_the_check_compares_them_with_the_entries(
    write_strategy: WriteStrategy,
    own_folder: Path,
    runner_of: Callable[..., StrategyRunner],
    history: History,
    sound: str,
    conditions: str,
    result: CheckResult,
    told: str,
) -> None:
    code = stating(sound, conditions).replace("exit=ratio < 0.98", "exit=ratio < 0")
    write_strategy(code=code)
    (found,) = find(["sample"], [own_folder])
    report = check_strategy(found, history, runner_of())
    (check,) = (each for each in report.checks if each.name == "conditions")
    assert check.result is result
    assert told in check.figure
