"""The runner: a fresh process after each failure, and a second try for whoever another strategy may have spoilt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.plugins.conftest import SOUND
from tradebot.plugins.discovery import find
from tradebot.plugins.errors import PluginError, ProcessUnavailable
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.signal_validation import map_frames
from tradebot.strategy_api import History

Runner = Callable[..., StrategyRunner]


@pytest.fixture
def plugin_of(write_strategy: Callable[..., Path], own_folder: Path) -> Callable[..., Plugin]:
    def make(name: str, code: str = SOUND) -> Plugin:
        write_strategy(name, code=code)
        (found,) = find([name], [own_folder])
        return read_plugin(found)

    return make


def cut_off(history: History, end: int) -> History:
    """The first sessions of a history."""
    return map_frames(history, lambda frame: frame.iloc[:end])


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the strategies share a process")
@pytest.mark.parametrize(
    "code",
    [
        # changes what the process sends
        "import dataclasses; from tradebot.plugins.process import worker; encode = worker.encode_answer; "
        "worker.encode_answer = lambda raw: encode(dataclasses.replace(raw, entry=~raw.entry))",
        # sends a second answer, while the next strategy computes
        "import os, threading, time, numpy as np; from tradebot.plugins.process import messages as m; "
        "from tradebot.plugins.raw_signals import RawSignals; none = np.zeros(history.close.shape, bool); "
        "no = m.encode_answer(RawSignals(none, none, None, {}, ExitPolicy(), None, '', '', {}, {})); "
        "pipe = [fd for fd in map(int, os.listdir('/dev/fd')) if fd >= 200][-1]; "
        "threading.Thread(target=lambda: (time.sleep(0.1), os.write(pipe, no)), daemon=True).start()",
        # goes on twice
        "import os; os.fork()",
        # writes into what other processes of the same user have open
        "import os\n        for pid in [each for each in os.listdir('/proc') if each.isdigit()]:\n"
        "            try: held = os.listdir(f'/proc/{pid}/fd') if int(pid) in (os.getppid(), os.getpid() + 1) else ()\n"
        "            except OSError: continue\n"
        "            for fd in held:\n"
        "                try: os.write(os.open(f'/proc/{pid}/fd/{fd}', os.O_WRONLY | os.O_NONBLOCK), b'junk' * 9)\n"
        "                except OSError: pass",
    ],
    ids=["patches", "late answer", "fork", "descriptors of others"],
)
def test_none_answers_for_another(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History, code: str
) -> None:
    forger = plugin_of("forger", SOUND.replace("close = history.close", f"{code}\n        close = 1 / history.close"))
    slow = SOUND.replace("close = history.close", "import time; time.sleep(0.3); close = history.close", 1)
    sound = plugin_of("sound", slow)
    alone = runner_of().signals(sound, history)
    runner = runner_of()
    assert runner.signals(sound, history).entry.any()
    runner.signals(forger, history)
    for _ in range(2):
        np.testing.assert_array_equal(runner.signals(sound, replace(history)).entry, alone.entry)
        with suppress(PluginError):
            runner.signals(forger, replace(history))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the strategies share a process")
def test_one_that_stops_the_others_takes_no_signal_from_them(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History
) -> None:
    """A strategy that is stopped by another is too slow, but its own alarm did not end it: it is asked once more."""
    code = (
        "import os, signal\n        for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):\n"
        "            try: kin = open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1] == str(os.getppid())\n"
        "            except OSError: continue\n"
        "            if kin and pid != os.getpid(): os.kill(pid, signal.SIGSTOP)\n        close = history.close"
    )
    stopper = plugin_of("stopper", SOUND.replace("close = history.close", code, 1))
    slow = plugin_of(
        "slow", SOUND.replace("close = history.close", "import time; time.sleep(1); close = history.close", 1)
    )
    runner = runner_of(timeout_seconds=3.0)
    results = list(runner.signals_of_each([slow, stopper], history))
    assert [isinstance(result, PluginError) for result in results] == [False, False]


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the strategies share a process")
def test_one_that_another_killed_is_asked_once_more_alone(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History
) -> None:
    kills = (
        "import os\n"
        "        for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):\n"
        "            try: parent = int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])\n"
        "            except OSError: continue\n"
        "            if parent == os.getppid() and pid != os.getpid(): os.kill(pid, 9)\n"
        "        close = history.close"
    )
    slow = "import time; time.sleep(0.5); close = history.close"
    victim = plugin_of("victim", SOUND.replace("close = history.close", slow, 1))
    killer = plugin_of("killer", SOUND.replace("close = history.close", kills, 1))
    results = list(runner_of().signals_of_each([victim, killer, plugin_of("sound")], history))
    assert [result for result in results if isinstance(result, PluginError)] == []


def test_an_answer_that_breaks_a_rule_is_a_failure_like_any_other(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History, answering: Callable[..., str]
) -> None:
    """The command finds it, not the process: the process goes all the same, and the next has a fresh one."""
    broken, sound = plugin_of("broken", answering(score="ratio * float('inf')")), plugin_of("sound")
    runner = runner_of()
    runner.signals(sound, history)
    with pytest.raises(PluginError, match="score is not a finite number"):
        runner.signals(broken, history)
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


def test_answers_that_nobody_took_are_not_those_of_the_next_question(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History
) -> None:
    """Who leaves a series of questions early finds the runner as if the rest had never been asked."""
    sound, runner = plugin_of("sound"), runner_of()
    cuts = [cut_off(history, end) for end in range(20, 30)]
    alone = [runner_of().signals(sound, cut).entry for cut in cuts]
    for told, expected in zip(runner.signals_over(sound, cuts), alone, strict=True):
        np.testing.assert_array_equal(told.entry, expected)
    assert len(next(iter(runner.signals_over(sound, cuts))).sessions) == 20
    assert len(runner.signals(sound, history).sessions) == len(history.close)


def test_a_series_ends_at_the_first_history_that_fails(
    runner_of: Runner, plugin_of: Callable[..., Plugin], history: History
) -> None:
    """The failure is that of its own question, though the next ones were sent by then, and the process ended itself."""
    code = "import os; len(history.close) == 22 and os._exit(7); close = history.close"
    plugin, runner = plugin_of("ends", SOUND.replace("close = history.close", code, 1)), runner_of()
    answers = runner.signals_over(plugin, (cut_off(history, end) for end in range(20, 30)))
    assert [len(next(answers).sessions), len(next(answers).sessions)] == [20, 21]
    with pytest.raises(PluginError, match="its process ended with code 7"):
        next(answers)
    assert len(runner.signals(plugin, history).sessions) == len(history.close)
