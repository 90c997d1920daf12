"""``strategies check``: strategies that cheat are caught, with session and symbol; the shipped ones pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.plugins.check import CheckReport, check_strategy
from tradebot.plugins.discovery import find
from tradebot.plugins.lookahead_tests import PROBES
from tradebot.plugins.runner import StrategyRunner
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]
Answering = Callable[..., str]

SESSION_AND_SYMBOL = r"2007-\d\d-\d\d (AAA|BBB|CCC): "
NAMES = ("manifest", "answer", "conditions", *(name for name, _, _ in PROBES))


@pytest.fixture
def report_on(
    write_strategy: WriteStrategy, own_folder: Path, history: History, runner_of: Callable[..., StrategyRunner]
) -> Callable[..., CheckReport]:
    def report(
        code: str, history: History = history, manifest: str = "", timeout_seconds: float = 30.0, **more: object
    ) -> CheckReport:
        if manifest:
            write_strategy(code=code, manifest=manifest)
        else:
            write_strategy(code=code)
        (found,) = find(["sample"], [own_folder])
        return check_strategy(found, history, runner_of(timeout_seconds), **more)  # type: ignore[arg-type]  # a test passes on what check takes

    return report


def failed(report: CheckReport) -> dict[str, Check]:
    assert report.passed == all(line.result is not CheckResult.FAIL for line in report.checks)
    return {line.name: line for line in report.checks if line.result is CheckResult.FAIL}


@pytest.mark.parametrize(
    "name", ["tsla_improved_strategy", "rsi2_mean_reversion", "momentum_rotation", "donchian_breakout"]
)
def test_the_shipped_strategies_pass_on_the_bundled_prices(
    name: str, real_history: History, runner_of: Callable[..., StrategyRunner]
) -> None:
    (found,) = find([name], [])
    report = check_strategy(found, real_history, runner_of())
    assert failed(report) == {}
    assert [line.name for line in report.checks] == list(NAMES)
    assert {line.result for line in report.checks} == {CheckResult.PASS}
    assert report.strategy == name
    assert report.fingerprint.startswith("1.0.0+")


def test_a_sound_strategy_passes_and_says_what_was_looked_at(report_on: Callable[..., CheckReport], sound: str) -> None:
    report = report_on(sound)
    assert failed(report) == {}
    figures = {line.name: line.figure for line in report.checks}
    assert "over 60 sessions of 3 symbols" in figures["answer"]
    assert figures["look-ahead"] == "the same with the history cut off after each of 56 sessions"
    assert figures["warm-up"] == "the same from the newest 5 sessions alone, after each of 56 sessions"


@pytest.mark.parametrize(
    "peek",
    [
        "close.shift(-1) > close",
        "close < close.shift(-3)",
        "(close.shift(-1) > close) & (ratio > 1.0)",
        "close > close.rolling(5, center=True).mean()",
        "close > close.mean()",
        "(close - close.mean()) / close.std() > 1.0",
        "close >= close.max() * 0.99",
        "close.rank(pct=True) > 0.5",
        "close > close.bfill().shift(-1).fillna(close) * 1.0001",
        "close.iloc[::-1].rolling(5).mean().iloc[::-1] > close",
        "close.shift(-1).ffill() > close",
        "(close > 0) & (close.index[-1] - close.index[0] > __import__('pandas').Timedelta(days=60))",
    ],
)
def test_an_entry_that_looks_into_the_future_is_caught(
    report_on: Callable[..., CheckReport], answering: Answering, peek: str
) -> None:
    caught = failed(report_on(answering(entry=peek, exit="close < 0", score="None")))
    assert re.fullmatch(SESSION_AND_SYMBOL + "entry is .*", caught["look-ahead"].figure)
    assert "no negative shift" in caught["look-ahead"].remedy


@pytest.mark.parametrize("peek", ["close.shift(-1) < close", "close > close.mean()"])
def test_an_exit_that_looks_into_the_future_is_caught(
    report_on: Callable[..., CheckReport], answering: Answering, peek: str
) -> None:
    caught = failed(report_on(answering(entry="close < 0", exit=peek)))
    assert re.fullmatch(SESSION_AND_SYMBOL + "exit is .*", caught["look-ahead"].figure)


def test_the_first_session_that_differs_is_named_with_its_symbol(
    report_on: Callable[..., CheckReport], answering: Answering, history: History
) -> None:
    peeking = answering(entry="(close.shift(-1) > close)", exit="close < 0", score="None")
    figure = failed(report_on(peeking))["look-ahead"].figure
    close = history.close
    rises = (close.shift(-1) > close).iloc[4:]
    row, column = np.argwhere(rises.to_numpy())[0]
    day, symbol = rises.index[row], rises.columns[column]
    assert figure == (
        f"{day:%Y-%m-%d} {symbol}: entry is True with the later sessions present, "
        f"False when the history ends on {day:%Y-%m-%d}"
    )


def test_a_single_entry_in_thirteen_years_that_peeks_is_caught(
    report_on: Callable[..., CheckReport], answering: Answering, real_history: History
) -> None:
    peeking = answering(entry="close.shift(-1) / close > 1.12", exit="close < 0", score="None")
    report = report_on(peeking, real_history, symbols=("IBM",))
    assert "1 entries" in {line.name: line.figure for line in report.checks}["answer"]
    assert failed(report)["look-ahead"].figure.startswith("2001-01-")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"score": "(close.shift(-1) / close).fillna(1.0)"}, "score is "),
        (
            {"exits": "ExitPolicy(stop=Decimal(str(round(float(close['AAA'].pct_change().std()), 6))))"},
            "exits.stop is ",
        ),
        ({"stop": "close.pct_change().abs().shift(-1)"}, "stop is "),
        ({"target": "close * 0 + close.mean() / close.min()"}, "target is "),
        ({"stop": "ratio * 0.05 if close['AAA'].iloc[-1] > close['AAA'].iloc[-2] else None"}, "stop is None "),
        ({"risk_pct": "0.01 if close['AAA'].iloc[-1] > close['AAA'].iloc[-2] else 0.005"}, "risk_pct is "),
    ],
)
def test_scores_and_exits_from_the_future_are_caught_too(
    report_on: Callable[..., CheckReport], answering: Answering, fields: dict[str, str], told: str
) -> None:
    assert told in failed(report_on(answering(**fields)))["look-ahead"].figure


def test_what_a_module_remembers_of_the_future_does_not_help_it(
    report_on: Callable[..., CheckReport], sound: str
) -> None:
    remembering = sound.replace("class Strategy:", "SEEN = {}\n\n\nclass Strategy:").replace(
        "        ratio =",
        "        SEEN.update({day: row for day, row in close.shift(-1).dropna().iterrows()})\n"
        "        close = close.apply(lambda row: SEEN.get(row.name, row), axis=1)\n"
        "        ratio =",
    )
    assert "look-ahead" in failed(report_on(remembering))


@pytest.mark.parametrize("dollars", ["close > 50.0", "close - close.shift(3) > 1.0"])
def test_dollars_are_caught_by_the_price_level(
    report_on: Callable[..., CheckReport], answering: Answering, dollars: str
) -> None:
    caught = failed(report_on(answering(entry=dollars, exit="close < 0", score="None")))
    assert set(caught) == {"price level"}
    assert re.fullmatch(
        SESSION_AND_SYMBOL + "entry is True as it is, False with prices x 0.5; "
        "the rule depends on the price level, and a split changes it",
        caught["price level"].figure,
    )


@pytest.mark.parametrize(
    "dollars", ["close > 0.5", "close > 5.0", "close < 1500.0", "(close > 300.0) & (close < 900.0) | (ratio > 1)"]
)
def test_dollars_far_from_every_price_are_caught_too(
    report_on: Callable[..., CheckReport], answering: Answering, dollars: str
) -> None:
    caught = failed(report_on(answering(entry=dollars, exit="close < 0", score="None")))
    assert set(caught) == {"price level"}
    assert "a split changes it" in caught["price level"].figure


def test_a_stop_in_dollars_is_caught_by_the_price_level(
    report_on: Callable[..., CheckReport], answering: Answering
) -> None:
    caught = failed(report_on(answering(stop="close * 0 + 2.0 / close.shift(1)")))
    assert set(caught) == {"price level"}
    assert "stop is" in caught["price level"].figure


def test_a_stop_that_remembers_is_caught_by_the_warm_up(
    report_on: Callable[..., CheckReport], answering: Answering
) -> None:
    caught = failed(report_on(answering(stop="close.pct_change().abs().expanding().mean()")))
    assert set(caught) == {"warm-up"}
    assert "stop is" in caught["warm-up"].figure


def test_stops_and_targets_in_fractions_pass(report_on: Callable[..., CheckReport], answering: Answering) -> None:
    spread = "(history.high - history.low).rolling(3).mean() / close"
    assert failed(report_on(answering(stop=spread, target=f"2 * {spread}"))) == {}


def test_comparing_the_prices_of_two_symbols_is_caught_by_the_price_level(
    report_on: Callable[..., CheckReport], answering: Answering
) -> None:
    caught = failed(report_on(answering(entry="close.rank(axis=1) == 1", exit="close.rank(axis=1) == 3")))
    assert set(caught) == {"price level"}
    assert "with prices x 0.5 for every other symbol" in caught["price level"].figure


def test_a_ratio_of_volumes_is_no_matter_of_the_price_level(
    report_on: Callable[..., CheckReport], answering: Answering
) -> None:
    report = report_on(
        answering(entry="(close * history.volume > close.shift(1) * history.volume.shift(1)) & (ratio > 1)")
    )
    assert failed(report) == {}


@pytest.mark.parametrize(
    "entry",
    [
        "close > close.rolling(6).mean()",
        "(close / close.shift(1)).ewm(span=30).mean() > 1",
        "close > close.expanding().mean()",
        "close / close.iloc[0] > 1.05",
    ],
)
def test_a_warm_up_that_is_declared_too_short_is_caught(
    report_on: Callable[..., CheckReport], answering: Answering, entry: str
) -> None:
    caught = failed(report_on(answering(entry=entry, exit="close < 0", score="None")))
    assert set(caught) == {"warm-up"}
    assert "with the 5 newest sessions alone" in caught["warm-up"].figure


@pytest.mark.parametrize(
    "entry",
    [
        "(close > 0) & (close.columns == close.columns[0])",
        "ratio.rank(axis=1, method='first') == 1",
    ],
)
def test_a_choice_by_the_order_of_columns_is_caught(
    report_on: Callable[..., CheckReport], answering: Answering, history: History, entry: str
) -> None:
    flat = replace(history, close=history.close.round(-1))
    assert "column order" in failed(report_on(answering(entry=entry, exit="close < 0"), flat))


def test_chance_is_caught(report_on: Callable[..., CheckReport], answering: Answering) -> None:
    chance = "close.map(lambda _: __import__('random').random() < 0.5)"
    assert "repeatable" in failed(report_on(answering(entry=chance, exit="close < 0")))


def test_counting_ones_own_calls_is_caught(report_on: Callable[..., CheckReport], answering: Answering) -> None:
    counting = answering(entry="close.gt(len(CALLS) * 30.0)", exit="close < 0")
    counting = counting.replace("class Strategy:", "CALLS = []\n\n\nclass Strategy:")
    counting = counting.replace("        close =", "        CALLS.append(1)\n        close =")
    assert "the second time" in failed(report_on(counting))["repeatable"].figure


def test_a_strategy_that_cannot_take_missing_prices_is_caught(
    report_on: Callable[..., CheckReport], answering: Answering
) -> None:
    caught = failed(
        report_on(answering(entry="(close / close.loc[close.notna().any(axis=1)].iloc[0]).astype(int) >= 1"))
    )
    assert "strategy.py line" in caught["listing dates"].figure


def test_a_bar_that_is_missing_where_a_cut_begins_is_not_held_against_a_strategy(
    report_on: Callable[..., CheckReport], answering: Answering, history: History
) -> None:
    history.close.iloc[20:40:7] = np.nan
    assert failed(report_on(answering(entry="close > 0", exit="close < 0", score="None"), history)) == {}


def test_a_broken_manifest_is_all_that_is_reported(report_on: Callable[..., CheckReport], sound: str) -> None:
    report = report_on(sound, manifest='name = "sample"\nwarmup = "long"\n')
    (line,) = report.checks
    assert (line.name, line.result, report.passed) == ("manifest", CheckResult.FAIL, False)
    assert "warmup: 'long'" in line.figure
    assert "symbols: missing" in line.figure


def test_a_strategy_that_gives_no_answer_is_not_asked_further(
    report_on: Callable[..., CheckReport], sound: str
) -> None:
    report = report_on(sound.replace("close = history.close", "close = history.closing"))
    assert [line.name for line in report.checks] == ["manifest", "answer"]
    assert "strategy.py line 8: AttributeError" in failed(report)["answer"].figure


def test_silence_is_a_failed_check(report_on: Callable[..., CheckReport], sound: str) -> None:
    report = report_on(sound.replace("close = history.close", "while True: pass", 1), timeout_seconds=0.5)
    assert "no answer within 0.5 seconds" in failed(report)["answer"].figure


def test_a_history_shorter_than_the_warm_up_proves_nothing(
    report_on: Callable[..., CheckReport], sound: str, history: History
) -> None:
    short = History(
        *(frame.iloc[:4] for frame in (history.open, history.high, history.low, history.close, history.volume))
    )
    assert "warm-up of 5 sessions in a history of 4" in failed(report_on(sound, short))["answer"].figure


def test_a_strategy_that_never_enters_is_warned_about(
    report_on: Callable[..., CheckReport], answering: Answering
) -> None:
    report = report_on(answering(entry="close < 0"))
    assert report.passed
    (answer,) = (line for line in report.checks if line.name == "answer")
    assert answer.result is CheckResult.WARN
    assert answer.figure.startswith("0 entries")


@pytest.mark.parametrize("field", ["stop", "target"])
def test_entries_whose_stop_or_target_denies_them_are_warned_about(
    report_on: Callable[..., CheckReport], answering: Answering, history: History, field: str
) -> None:
    report = report_on(answering(entry="close > 0", exit="close < 0", score="None", **{field: "ratio - 1"}))
    assert report.passed
    (answer,) = (line for line in report.checks if line.name == "answer")
    assert answer.result is CheckResult.WARN
    ratio = (history.close / history.close.rolling(5).mean()).round(6).iloc[4:]
    denied = int((ratio <= 1).to_numpy().sum())
    assert f"; {denied} of the entries have a stop or target that is no fraction of a price" in answer.figure
