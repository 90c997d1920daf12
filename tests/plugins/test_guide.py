"""docs/writing-a-strategy.md: its example works, and its tables tell what the code does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from tradebot.core.model.signals import Action, ExitPolicy
from tradebot.core.results.preflight_checks import CheckResult
from tradebot.plugins.check import check_strategy
from tradebot.plugins.discovery import find
from tradebot.plugins.fingerprint import MAX_FILES, NOT_DECIDING
from tradebot.plugins.lookahead_tests import PROBES
from tradebot.plugins.parameter_file import read_parameters
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.strategy_book import load_book
from tradebot.strategy_api import History, Signals

GUIDE = (Path(__file__).parents[2] / "docs" / "writing-a-strategy.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)


MANIFEST, PARAMETERS = blocks("toml")
(CODE,) = blocks("python")


@pytest.fixture
def example(own_folder: Path) -> Path:
    folder = own_folder / "channel_breakout"
    folder.mkdir()
    (folder / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    (folder / "strategy.py").write_text(CODE, encoding="utf-8")
    return own_folder


def test_the_example_passes_every_check(
    example: Path, real_history: History, runner_of: Callable[..., StrategyRunner]
) -> None:
    (found,) = find(["channel_breakout"], [example])
    report = check_strategy(found, real_history, runner_of())
    assert [line for line in report.checks if line.result is not CheckResult.PASS] == []


def test_the_example_signals_and_says_why(
    example: Path, real_history: History, runner_of: Callable[..., StrategyRunner]
) -> None:
    book = load_book(["channel_breakout"], [example], runner_of())
    reasons = {}
    for end in range(300, 420):
        frames = (real_history.open, real_history.high, real_history.low, real_history.close, real_history.volume)
        said, failed = book.signals(History(*(frame.iloc[end - book.warmup : end] for frame in frames)))
        assert failed == ()
        reasons.update({signal.action: signal.reason for signal in said})
    assert re.fullmatch(r"close \d+\.\d\d above the ceiling \d+\.\d\d", reasons[Action.ENTER])
    assert re.fullmatch(r"close \d+\.\d\d below the floor \d+\.\d\d", reasons[Action.EXIT])


def test_the_parameters_of_the_guide_are_taken(example: Path, tmp_path: Path) -> None:
    (tmp_path / "parameters.toml").write_text(PARAMETERS, encoding="utf-8")
    file = read_parameters(tmp_path / "parameters.toml", [example])
    assert file.problems == ()
    assert set(file.values) == {"rsi2_mean_reversion", "channel_breakout"}


def test_the_guide_lists_every_name_that_is_left_out_of_the_fingerprint() -> None:
    told = {name.lower() for line in GUIDE.splitlines() for name in re.findall(r"`([^`]+)`", line)}
    assert {name for name in NOT_DECIDING if name != ".*"} <= told
    assert f"more than {MAX_FILES:,} files" in GUIDE


def test_every_check_is_explained() -> None:
    for name in ("manifest", "answer", *(name for name, _, _ in PROBES)):
        assert f"\n| {name} |" in GUIDE


def test_every_field_of_the_answer_is_explained() -> None:
    for field in (*fields(Signals), *fields(ExitPolicy)):
        assert f"`{field.name}`" in GUIDE
