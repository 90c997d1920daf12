"""A broken strategy: how it is reported, and that it stops only itself."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tradebot.plugins.errors import PluginError
from tradebot.plugins.raw_signals import raw_signals
from tradebot.plugins.signal_validation import validate
from tradebot.plugins.strategy_book import StrategyBook
from tradebot.plugins.strategy_module import load_class
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]
RunPython = Callable[[str, Path], subprocess.CompletedProcess[str]]
Answering = Callable[..., str]


def failure_of(write: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, code: str) -> str:
    """The message about a strategy of this code, once a sound one beside it was seen to answer all the same."""
    write("sample")
    write("broken", code=code)
    said, failed = book_of("broken", "sample").signals(history)
    assert {signal.strategy for signal in said} == {"sample"}
    (failure,) = failed
    assert failure.strategy == "broken"
    assert "Traceback" not in failure.message
    return failure.message


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("class Strategy:", "class Strategy", 6, "SyntaxError"),
        ("class Strategy:", "class Strategy:\n\tx = 1", 8, "Error"),
        ("from decimal import Decimal", "import no_such_package", 1, "No module named 'no_such_package'"),
        ("from decimal import Decimal", "1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("from decimal import Decimal", "raise SystemExit(3)", 1, "SystemExit: 3"),
        ("close = history.close", "close = history.closing", 8, "AttributeError"),
        ("close = history.close", "close = params['fast']", 8, "KeyError: 'fast'"),
        ("close = history.close", "import sys; sys.exit()", 8, "SystemExit"),
        ("close = history.close", "raise KeyboardInterrupt", 8, "KeyboardInterrupt"),
        ("close = history.close", "return self.signals(history, params)", 8, "RecursionError"),
    ],
)
def test_what_goes_wrong_in_its_code_is_told_with_file_and_line(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    own_folder: Path,
    sound: str,
    old: str,
    new: str,
    line: int,
    told: str,
) -> None:
    message = failure_of(write_strategy, book_of, history, sound.replace(old, new, 1))
    assert message.startswith(f"{own_folder / 'broken' / 'strategy.py'} line {line}: ")
    assert told in message


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("Strategy = 3\n", "it defines no class Strategy with a method signals(history, params)"),
        ("class Strategy: pass\n", "it defines no class Strategy with a method signals(history, params)"),
        ("class Strategie: pass\n", "it defines no class Strategy with a method signals(history, params)"),
        ("class Strategy:\n    def signals(self, history): return 1\n", "TypeError"),
        ("class Strategy:\n    def __init__(self, x): pass\n    def signals(self, h, p): pass\n", "TypeError"),
        (
            "class Strategy:\n    def signals(self, h, p): return None\n",
            "gave a NoneType, not tradebot.strategy_api.Signals",
        ),
    ],
)
def test_what_is_no_strategy_is_told(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, code: str, told: str
) -> None:
    assert told in failure_of(write_strategy, book_of, history, code)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"entry": "(ratio > 1.0).where(ratio.notna())"}, "entry is NaN on 2007-01-03 for AAA"),
        ({"exit": "(ratio < 1.0).astype('boolean').mask(ratio.isna())"}, "exit is NaN on 2007-01-03 for AAA"),
        ({"entry": "ratio.fillna(0.0)"}, "entry has values of type float64; it must be boolean"),
        ({"entry": "(ratio > 1.0).astype(int)"}, "entry has values of type int64; it must be boolean"),
        ({"entry": "(ratio > 1.0).to_numpy()"}, "entry is a ndarray, not a DataFrame"),
        ({"entry": "(ratio > 1.0)['AAA']"}, "entry is a Series, not a DataFrame"),
        (
            {"entry": "(ratio > 1.0).dropna().iloc[4:]"},
            "entry has 56 rows whose index is not that of the history's 60 rows",
        ),
        (
            {"entry": "(ratio > 1.0).reset_index(drop=True)"},
            "entry has 60 rows whose index is not that of the history's",
        ),
        (
            {"exit": "(ratio > 1.0)[['CCC', 'BBB', 'AAA']]"},
            "exit has the columns CCC, BBB, AAA, the history has AAA, BBB, CCC",
        ),
        ({"exit": "(ratio > 1.0)[['AAA']]"}, "exit has the columns AAA, the history has AAA, BBB, CCC"),
        (
            {"entry": "close > 0", "exit": "close < 0", "score": "close.rolling(20).mean()"},
            "score is not a finite number on 2007-01-09 for AAA, where entry is True",
        ),
        ({"score": "ratio * float('inf')"}, "score is not a finite number on"),
        ({"score": "ratio.astype(str)"}, "score has values of type"),
        ({"score": "1.0"}, "score is a float, not a DataFrame"),
        ({"exits": "None"}, "exits is a NoneType, not tradebot.strategy_api.ExitPolicy"),
        ({"exits": "ExitPolicy(stop=0.02)"}, "exits.stop is 0.02; write it as a Decimal"),
        ({"exits": "ExitPolicy(stop=Decimal('2'))"}, "exits.stop is 2; it is a fraction of a price"),
        ({"exits": "ExitPolicy(stop=Decimal('-0.1'))"}, "exits.stop is -0.1; it is a fraction of a price"),
        ({"exits": "ExitPolicy(stop=Decimal('NaN'))"}, "exits.stop is NaN; it is a fraction of a price"),
        (
            {"exits": "ExitPolicy(target=Decimal(0))"},
            "exits.target is 0; it is a fraction of a price and must be above 0",
        ),
        (
            {"exits": "ExitPolicy(target=Decimal('1e30'))"},
            "a fraction of a price and must be above 0 and at most 1000",
        ),
        ({"stop": "0.05"}, "stop is a float, not a DataFrame"),
        ({"stop": "close['AAA'] * 0.0"}, "stop is a Series, not a DataFrame"),
        ({"stop": "(close * 0.0).iloc[1:]"}, "stop has 59 rows whose index is not that of the history's 60 rows"),
        ({"stop": "(close * 0.0)[['AAA']]"}, "stop has the columns AAA, the history has AAA, BBB, CCC"),
        ({"stop": "close.astype(str)"}, "stop has values of type"),
        ({"target": "(close * 0.0).reset_index(drop=True)"}, "target has 60 rows whose index is not that of"),
        ({"exits": "ExitPolicy(trail_offset=Decimal('0.1'))"}, "a trailing stop needs both"),
        ({"exits": "ExitPolicy(max_sessions=0)"}, "exits.max_sessions is 0"),
        ({"exits": "ExitPolicy(max_sessions=2.5)"}, "exits.max_sessions is 2.5"),
        ({"risk_pct": "5"}, "risk_pct is 5; it is a fraction of equity"),
        ({"risk_pct": "'1%'"}, "risk_pct is '1%'; it is a fraction of equity"),
        ({"reason": "3"}, "reason is a int, not a text"),
        (
            {"reason": "'RSI {rsi:.1f}'"},
            "reason 'RSI {rsi:.1f}' cannot be filled in (KeyError('rsi')); columns_used has close",
        ),
        ({"exit_reason": "'{close'"}, "exit_reason '{close' cannot be filled in"),
        ({"exit_reason": "'{close:d}'"}, "exit_reason '{close:d}' cannot be filled in"),
        ({"columns_used": "{f'{n}': close for n in range(65)}"}, "columns_used has 65 DataFrames; 64 are the most"),
        ({"columns_used": "[close]"}, "columns_used is a list, not a dict of DataFrames"),
        ({"columns_used": "{'close': close['AAA']}"}, "columns_used['close'] is a Series, not a DataFrame"),
        ({"columns_used": "{'close': close.iloc[1:]}"}, "columns_used['close'] has 59 rows"),
        ({"columns_used": "{'close': close.astype(str)}"}, "columns_used['close'] has values of type"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_told_by_field_session_and_symbol(
    write_strategy: WriteStrategy, history: History, answering: Answering, fields: dict[str, str], told: str
) -> None:
    folder = write_strategy(code=answering(**fields))
    with pytest.raises(PluginError, match=re.escape(told)):
        validate(raw_signals(load_class("sample", folder)().signals(history, {}), history.close), history, warmup=5)


def test_an_exception_that_cannot_be_spelled_is_told_all_the_same(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    mute = "class Mute(Exception):\n    def __str__(self):\n        raise self\n\n\nclass Strategy:"
    code = sound.replace("class Strategy:", mute).replace("close = history.close", "raise Mute", 1)
    message = failure_of(write_strategy, book_of, history, code)
    assert "strategy.py line 13: " in message
    assert "Mute" in message


def test_a_long_message_is_told_in_one_short_line(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    code = sound.replace("close = history.close", "raise ValueError('too\\nlong ' * 1000)", 1)
    message = failure_of(write_strategy, book_of, history, code)
    assert "ValueError: too long too long" in message
    assert len(message) < 500
    assert "\n" not in message


def test_a_missing_module_is_told(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History
) -> None:
    folder = write_strategy()
    (folder / "strategy.py").unlink()
    _, (failure,) = book_of().signals(history)
    assert failure.message == f"{folder}: there is no strategy.py beside manifest.toml"


def test_to_an_empty_history_nobody_says_anything(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History
) -> None:
    write_strategy()
    nothing = History(
        *(frame.iloc[:0] for frame in (history.open, history.high, history.low, history.close, history.volume))
    )
    assert book_of().signals(nothing) == ((), ())


# --- silence, noise and leaving -------------------------------------------------------------


@pytest.mark.parametrize(
    "hanging", ["while True: pass", "import time; time.sleep(3600)", "import threading; threading.Event().wait()"]
)
def test_one_that_never_answers_is_given_up_on_and_not_asked_again(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    own_folder: Path,
    sound: str,
    hanging: str,
) -> None:
    write_strategy("silent", code=sound.replace("close = history.close", f"{hanging}", 1))
    write_strategy()
    book = book_of("silent", "sample", timeout_seconds=2.0)
    said, (failure,) = book.signals(history)
    assert {signal.strategy for signal in said} == {"sample"}
    place = f"{own_folder / 'silent' / 'strategy.py'} line 8"
    assert failure.message == f"no answer within 2 seconds; it was at {place}"
    said, (failure,) = book.signals(replace(history))
    assert {signal.strategy for signal in said} == {"sample"}
    assert failure.message.startswith("not asked again: no answer within 2 seconds")


def test_an_endless_loop_does_not_go_on_behind_our_back(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str, tmp_path: Path
) -> None:
    beat = tmp_path / "beat"
    loop = f"import pathlib\n        while True: pathlib.Path({str(beat)!r}).write_text('alive')"
    write_strategy(code=sound.replace("close = history.close", loop, 1))
    book_of(timeout_seconds=0.3).signals(history)
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        beat.unlink(missing_ok=True)
        time.sleep(0.2)
        if not beat.exists():
            return
    pytest.fail("the loop still runs")


def test_a_hanging_strategy_does_not_keep_the_process_alive(
    run_python: RunPython, write_strategy: WriteStrategy, own_folder: Path, sound: str
) -> None:
    write_strategy(code="import time\ntime.sleep(3600)\n" + sound)
    code = (
        "import pandas as pd; from tests.plugins.conftest import load;"
        "from tradebot.strategy_api import History;"
        "days = pd.bdate_range('2007-01-03', periods=9);"
        "f = pd.DataFrame({symbol: [1.0] * 9 for symbol in ('AAA', 'BBB', 'CCC')}, index=days);"
        f"book = load({str(own_folder)!r}, timeout_seconds=0.5);"
        "print(book.signals(History(f, f, f, f, f))[1][0].message)"
    )
    done = run_python(code, own_folder)
    assert "no answer within 0.5 seconds" in done.stdout
    assert done.returncode == 0


def test_what_a_strategy_prints_goes_to_the_log_and_not_to_stdout(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    sound: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_strategy(
        code="print('imported')\n"
        + sound.replace(
            "close = history.close", "close = history.close; print('RSI', 55)\n        print('half', end='')", 1
        )
    )
    with caplog.at_level(logging.INFO):
        _, failed = book_of().signals(history)
    assert failed == ()
    assert capsys.readouterr().out == ""
    printed = [record.getMessage() for record in caplog.records]
    assert printed == [
        "strategy sample printed: imported",
        "strategy sample printed: RSI 55",
        "strategy sample printed: half",
    ]
    sys.stdout.write("stdout is ours again\n")
    assert capsys.readouterr().out == "stdout is ours again\n"


def test_what_goes_past_python_to_stdout_goes_to_the_log_too(
    run_python: RunPython, write_strategy: WriteStrategy, own_folder: Path, sound: str
) -> None:
    noise = (
        "import ctypes, os, subprocess, sys, threading\n"
        "        os.write(1, b'written\\n')\n"
        "        subprocess.run([sys.executable, '-c', 'print(\"from a process\")'], check=True)\n"
        "        ctypes.CDLL(None).puts(b'from C')\n"
        "        sys.__stdout__.buffer.write(b'into the buffer\\n')\n"
        "        threading.Thread(target=print, args=('from a thread',)).start()\n"
        "        close = history.close"
    )
    write_strategy(code=sound.replace("close = history.close", noise, 1))
    code = (
        "import logging, sys; logging.basicConfig(level=logging.INFO, stream=sys.stderr, format='%(message)s');"
        "import pandas as pd; from tests.plugins.conftest import load;"
        "from tradebot.strategy_api import History;"
        "days = pd.bdate_range('2007-01-03', periods=9);"
        "f = pd.DataFrame({symbol: [1.0] * 9 for symbol in ('AAA', 'BBB', 'CCC')}, index=days);"
        "print('before');"
        f"failed = load({str(own_folder)!r}).signals(History(f, f, f, f, f))[1];"
        "print('after', failed)"
    )
    done = run_python(code, own_folder)
    assert done.stdout == "before\nafter ()\n"
    printed = [line for line in done.stderr.splitlines() if line.startswith("strategy sample printed: ")]
    assert sorted(line.partition(": ")[2] for line in printed) == [
        "from C", "from a process", "from a thread", "into the buffer", "written",
    ]  # fmt: skip


def test_a_closed_stdout_stops_no_strategy(
    run_python: RunPython, write_strategy: WriteStrategy, own_folder: Path, sound: str
) -> None:
    write_strategy(code=sound.replace("close = history.close", "print('RSI'); close = history.close", 1))
    code = (
        "import os, sys; os.close(1);"
        "import pandas as pd; from tests.plugins.conftest import load;"
        "from tradebot.strategy_api import History;"
        "days = pd.bdate_range('2007-01-03', periods=9);"
        "f = pd.DataFrame({symbol: [1.0] * 9 for symbol in ('AAA', 'BBB', 'CCC')}, index=days);"
        f"book = load({str(own_folder)!r});"
        "print(book.signals(History(f, f, f, f, f))[1], file=sys.stderr);"
        "os._exit(0)"
    )
    done = run_python(code, own_folder)
    assert (done.returncode, done.stderr.strip()) == (0, "()")
