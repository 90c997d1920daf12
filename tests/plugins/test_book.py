"""The book: signals of sound strategies, and how a broken one is reported and stops only itself."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tradebot.core.signals import Action, ExitPolicy, Signal
from tradebot.errors import ConfigError
from tradebot.plugins.book import StrategyBook, load_book
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]
Answering = Callable[..., str]


@pytest.fixture
def book_of(own_folder: Path) -> Callable[..., StrategyBook]:
    def load(*names: str, symbols: tuple[str, ...] = (), timeout_seconds: float = 30.0) -> StrategyBook:
        return load_book(names or ("sample",), [own_folder], symbols, timeout_seconds=timeout_seconds)

    return load


def by_symbol(signals: tuple[Signal, ...]) -> dict[str, Signal]:
    assert len({signal.symbol for signal in signals}) == len(signals)
    return {signal.symbol: signal for signal in signals}


def ending(history: History, *closes: float) -> History:
    """The history with each symbol's last close moved to this multiple of the one before."""
    close = history.close.copy()
    close.iloc[-1] = close.iloc[-2].to_numpy() * np.array(closes)
    return replace(history, close=close)


# --- what is known without running a line of a strategy -------------------------------------


def test_manifests_are_enough_to_list_strategies(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook]
) -> None:
    folder = write_strategy(code="this is not python")
    book = book_of()
    (info,) = book.loaded
    assert (info.name, info.version, info.symbols, info.warmup) == ("sample", "1.0.0", ("AAA", "BBB", "CCC"), 5)
    assert info.origin == f"your {folder}"
    assert book.failures == ()
    assert book.warmup == 6


def test_loading_imports_neither_pandas_nor_talib(tmp_path: Path) -> None:
    code = (
        "import sys; from tradebot.plugins.book import load_book;"
        "load_book(['tsla_improved_strategy', 'momentum_rotation'], []);"
        "print([name for name in ('pandas', 'numpy', 'talib', 'sqlite_utils') if name in sys.modules])"
    )
    assert _python(code, tmp_path).stdout == "[]\n"


def test_the_longest_warmup_and_one_more_is_what_history_must_hold(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook]
) -> None:
    write_strategy()
    assert book_of("sample", "momentum_rotation").warmup == 281
    assert load_book([], []).warmup == 0


def test_symbols_given_stand_instead_of_every_manifests(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook]
) -> None:
    write_strategy()
    book = book_of("sample", "momentum_rotation", symbols=("TSLA", "TSLA", "IBM"))
    assert [info.symbols for info in book.loaded] == [("TSLA", "IBM")] * 2


def test_an_unknown_name_is_a_configuration_error(book_of: Callable[..., StrategyBook]) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'momentum_rotation'"):
        book_of("momentum_rotaton")


def test_a_broken_manifest_stops_only_its_own_strategy(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History
) -> None:
    write_strategy()
    folder = write_strategy("crooked", manifest='name = "crooked"\nwarmup = -1\n')
    book = book_of("crooked", "sample")
    assert [info.name for info in book.loaded] == ["sample"]
    (failure,) = book.failures
    assert failure.strategy == "crooked"
    assert f"{folder / 'manifest.toml'}: warmup: -1" in failure.message
    assert "symbols: missing" in failure.message
    assert len(book.signals(history)[0]) == 3


def test_parameters_given_reach_the_strategy_and_bad_ones_stop_only_it(
    write_strategy: WriteStrategy, own_folder: Path, history: History, sound: str
) -> None:
    manifest = (
        'name = "{name}"\nversion = "1"\ndescription = "d"\nsymbols = ["AAA"]\nwarmup = 5\n'
        '[parameters.stop]\ntype = "float"\ndefault = 0.02\nmax = 0.5\n'
    )
    write_strategy(code=sound.replace('Decimal("0.02")', 'Decimal(str(params["stop"]))'), manifest=manifest)
    said, failed = load_book(["sample"], [own_folder], params={"sample": {"stop": 0.25}}).signals(history)
    assert not failed
    assert said[0].policy == ExitPolicy(stop=Decimal("0.25"))
    (failure,) = load_book(["sample"], [own_folder], params={"sample": {"stop": 0.9}}).failures
    assert "parameter stop of sample: 0.9 is above the maximum 0.5" in failure.message


def test_the_fingerprint_follows_every_file_that_counts(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], sound: str
) -> None:
    def fingerprint() -> str:
        (info,) = book_of().loaded
        return info.fingerprint

    folder = write_strategy()
    first = fingerprint()
    assert first.startswith("1.0.0+")
    assert len(first) == len("1.0.0+") + 12
    (folder / "notes.txt").write_text("not code")
    assert fingerprint() == first
    seen = {first}
    for change in (
        lambda: write_strategy(code=sound + "\n"),
        lambda: (folder / "rules.py").write_text("A = 1"),
        lambda: (folder / "rules.py").write_text("A = 2"),
        lambda: (folder / "rules.py").rename(folder / "limits.py"),
    ):
        change()
        assert fingerprint() not in seen
        seen.add(fingerprint())


# --- signals --------------------------------------------------------------------------------


def test_the_last_row_becomes_one_signal_a_symbol(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History
) -> None:
    write_strategy()
    book = book_of()
    said, failed = book.signals(ending(history, 1.2, 0.8, 1.2))
    assert failed == ()
    assert [signal.symbol for signal in said] == ["AAA", "BBB", "CCC"]
    assert [signal.action for signal in said] == [Action.ENTER, Action.EXIT, Action.ENTER]
    first = said[0]
    assert first.strategy == "sample"
    assert first.as_of == date(2007, 3, 27) == history.close.index[-1].date()
    assert first.policy == ExitPolicy(stop=Decimal("0.02"))
    assert first.fingerprint == book.loaded[0].fingerprint
    assert first.score > 1.0
    assert first.risk_pct is None


def test_where_both_are_true_exit_wins(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    write_strategy(code=answering(entry="close > 0", exit="close > 0", score="close * float('nan')"))
    said, failed = book_of().signals(history)
    assert failed == (), "an entry that exit overrules needs no score"
    assert {signal.action for signal in said} == {Action.EXIT}


def test_a_reason_carries_the_values_of_its_own_row_and_symbol(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    write_strategy(
        code=answering(
            entry="ratio > 1.02",
            reason='"close {close:.1f} is {ratio:.2%} of its average"',
            exit_reason='"too weak"',
            risk_pct="0.0025",
        )
    )
    moved = ending(history, 1.2, 0.8, 1.0)
    moved.close.loc[moved.close.index[-1], "CCC"] = moved.close["CCC"].iloc[-5:-1].mean()
    said, _ = book_of().signals(moved)
    signals = by_symbol(said)
    close = moved.close["AAA"]
    ratio = close.iloc[-1] / close.iloc[-5:].mean()
    assert signals["AAA"].reason == f"close {close.iloc[-1]:.1f} is {ratio:.2%} of its average"
    assert signals["AAA"].risk_pct == Decimal("0.0025")
    assert signals["BBB"].reason.startswith(f"too weak: close {moved.close['BBB'].iloc[-1]:.2f}, ratio 0.8")
    assert signals["CCC"].reason.startswith("no signal: close ")


def test_no_symbol_signals_before_its_warm_up_and_without_a_bar(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    write_strategy(code=answering(entry="close.notna() | True", exit="close > 1e9", score="None"))
    close = history.close.copy()
    close.loc[close.index[:-4], "AAA"] = np.nan
    close.loc[close.index[:-5], "BBB"] = np.nan
    close.loc[close.index[-1], "CCC"] = np.nan
    said, failed = book_of(symbols=("AAA", "BBB", "CCC", "DDD")).signals(replace(history, close=close))
    assert failed == ()
    signals = by_symbol(said)
    assert {symbol for symbol, signal in signals.items() if signal.action is Action.ENTER} == {"BBB"}
    assert signals["AAA"].reason == "no signal: 4 of the 5 sessions of its warm-up"
    assert signals["CCC"].reason == "no signal: it has no price in this session"
    assert signals["DDD"].reason == "no signal: it has no price in this history"


def test_a_strategy_cannot_change_what_others_see(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    vandal = sound.replace(
        "close = history.close\n",
        "close = history.close\n        close.iloc[:] = 1.0\n        history.volume.iloc[:] = 0.0\n",
    )
    write_strategy("vandal", code=vandal)
    write_strategy()
    before = history.close.copy()
    said, failed = book_of("vandal", "sample").signals(history)
    assert failed == ()
    alone, _ = book_of("sample").signals(history)
    assert tuple(signal for signal in said if signal.strategy == "sample") == alone
    assert history.close.equals(before)
    assert (history.volume == 1e6).all(axis=None)


def test_a_strategy_cannot_make_up_bars(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    code = answering(entry="close > 0", exit="close < 0").replace(
        "        ratio =", "        close.iloc[:] = 1.0\n        ratio ="
    )
    write_strategy(code=code)
    history.close.loc[history.close.index[-1], "CCC"] = np.nan
    signals = by_symbol(book_of().signals(history)[0])
    assert [signals[symbol].action for symbol in ("AAA", "CCC")] == [Action.ENTER, Action.NONE]


def test_a_strategy_may_have_neighbours_and_takes_no_top_level_name(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> None:
    folder = write_strategy(code="from .rules import LIMIT\n" + sound.replace("> 1.0", "> LIMIT"))
    (folder / "rules.py").write_text("LIMIT = 1.0\n")
    said, failed = book_of().signals(history)
    assert failed == ()
    assert Action.ENTER in {signal.action for signal in said}
    (folder / "rules.py").write_text("LIMIT = 100.0\n")
    said, failed = book_of().signals(history)
    assert failed == ()
    assert Action.ENTER not in {signal.action for signal in said}
    assert "strategy" not in sys.modules
    assert "rules" not in sys.modules


def test_a_changed_file_is_seen_at_once_by_the_next_book(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    write_strategy(code=answering(entry="close > 1e9", exit="close > 1e9"))
    assert {signal.action for signal in book_of().signals(history)[0]} == {Action.NONE}
    write_strategy(code=answering(entry="close > 0e0", exit="close > 1e9"))  # as long as before, in the same second
    assert {signal.action for signal in book_of().signals(history)[0]} == {Action.ENTER}


def test_the_same_history_is_not_computed_twice(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    chance = "close.map(lambda _: __import__('random').random() < 0.5)"
    write_strategy(code=answering(entry=chance, exit="close < 0"))
    book = book_of(symbols=tuple(f"S{number}" for number in range(40)))
    close = history.close[["AAA"] * 40].set_axis([f"S{number}" for number in range(40)], axis=1)
    many = History(close, close, close, close, close)
    assert book.signals(many) == book.signals(many)
    assert book.signals(many) != book.signals(replace(many))


# --- broken strategies ----------------------------------------------------------------------


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
        ({"columns_used": "[close]"}, "columns_used is a list, not a dict of DataFrames"),
        ({"columns_used": "{'close': close['AAA']}"}, "columns_used['close'] is a Series, not a DataFrame"),
        ({"columns_used": "{'close': close.iloc[1:]}"}, "columns_used['close'] has 59 rows"),
        ({"columns_used": "{'close': close.astype(str)}"}, "columns_used['close'] has values of type"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_told_by_field_session_and_symbol(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    answering: Answering,
    fields: dict[str, str],
    told: str,
) -> None:
    assert told in failure_of(write_strategy, book_of, history, answering(**fields))


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


def test_an_empty_history_fails_everyone_without_asking(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History
) -> None:
    write_strategy()
    nothing = History(
        *(frame.iloc[:0] for frame in (history.open, history.high, history.low, history.close, history.volume))
    )
    said, (failure,) = book_of().signals(nothing)
    assert said == ()
    assert "no completed session" in failure.message


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
    write_strategy: WriteStrategy, own_folder: Path, sound: str
) -> None:
    write_strategy(code="import time\ntime.sleep(3600)\n" + sound)
    code = (
        "import pandas as pd; from pathlib import Path; from tradebot.plugins.book import load_book;"
        "from tradebot.strategy_api import History;"
        "days = pd.bdate_range('2007-01-03', periods=9);"
        "f = pd.DataFrame({symbol: [1.0] * 9 for symbol in ('AAA', 'BBB', 'CCC')}, index=days);"
        f"book = load_book(['sample'], [Path({str(own_folder)!r})], timeout_seconds=0.5);"
        "print(book.signals(History(f, f, f, f, f))[1][0].message)"
    )
    done = _python(code, own_folder)
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


def _python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
