"""The runner: a fresh process after each failure, and a second try for whoever another strategy may have spoilt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.plugins.conftest import SOUND
from tradebot.plugins.discovery import find
from tradebot.plugins.errors import PluginError, ProcessUnavailable
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.strategy_api import History

Runner = Callable[..., StrategyRunner]


@pytest.fixture
def plugin_of(write_strategy: Callable[..., Path], own_folder: Path) -> Callable[..., Plugin]:
    def make(name: str, code: str = SOUND) -> Plugin:
        write_strategy(name, code=code)
        (found,) = find([name], [own_folder])
        return read_plugin(found)

    return make


def test_what_one_strategy_left_behind_is_not_anothers_fault(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History
) -> None:
    vandal = plugin_of(
        "vandal", SOUND.replace("close = history.close", "__import__('pandas').DataFrame.rolling = None\n        "
                                "return Signals(history.close > 0, history.close < 0, ExitPolicy())")
    )  # fmt: skip
    sound = plugin_of("sound")
    alone = runner_of().signals(sound, history)
    runner = runner_of()
    assert runner.signals(vandal, history).entry.any()
    np.testing.assert_array_equal(runner.signals(sound, history).entry, alone.entry)


def test_one_that_fails_alone_is_at_fault_and_the_next_has_a_fresh_process(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    code = SOUND.replace("close = history.close", f"open({str(calls)!r}, 'a').write('x'); 1 / 0", 1)
    broken, sound = plugin_of("broken", code), plugin_of("sound")
    runner = runner_of()
    runner.signals(sound, history)
    for times in (2, 3):  # once more in a fresh process; from then on it is known to be its own fault
        with pytest.raises(PluginError, match="ZeroDivisionError"):
            runner.signals(broken, replace(history))
        assert calls.read_text() == "x" * times
        assert runner.signals(sound, history).entry.any()


def test_without_a_process_every_strategy_fails_and_none_is_tried_again(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, sound = runner_of(), plugin_of("sound")
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(ProcessUnavailable, match="/nowhere/python"):
            runner.signals(sound, history)
    with pytest.raises(ProcessUnavailable, match="/nowhere/python"):
        runner.signals(sound, history)
    assert runner_of().signals(sound, history).entry.any()


def test_a_prepared_process_is_the_one_that_answers(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History
) -> None:
    runner = runner_of()
    runner.prepare()
    runner.prepare()
    assert runner.signals(plugin_of("sound"), history).entry.any()
    assert [name for name in sys.modules if name.startswith("_tradebot_strategy_sound")] == [], "imported nowhere else"
    runner.close()
    runner.close()
