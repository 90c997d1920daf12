"""The book: what is known of strategies before they run, and the signals of sound ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tradebot.core.model.signals import Action, ExitPolicy, Signal, is_stop
from tradebot.errors import ConfigError
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.strategy_book import StrategyBook, load_book
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]
RunPython = Callable[[str, Path], subprocess.CompletedProcess[str]]
Answering = Callable[..., str]


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


def test_loading_imports_neither_pandas_nor_talib(run_python: RunPython, tmp_path: Path) -> None:
    code = (
        "import sys; from tradebot.plugins.strategy_book import load_book;"
        "from tradebot.plugins.process.strategy_process import ProcessOptions;"
        "from tradebot.plugins.runner import StrategyRunner;"
        "runner = StrategyRunner(ProcessOptions(), lambda: None);"
        "load_book(['tsla_improved_strategy', 'momentum_rotation'], [], runner).prepare(); runner.close();"
        "print([name for name in ('pandas', 'numpy', 'talib', 'sqlite_utils') if name in sys.modules])"
    )
    assert run_python(code, tmp_path).stdout == "[]\n"


def test_the_longest_warmup_and_one_more_is_what_history_must_hold(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], runner_of: Callable[..., StrategyRunner]
) -> None:
    write_strategy()
    assert book_of("sample", "momentum_rotation").warmup == 281
    assert load_book([], [], runner_of()).warmup == 0


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
    write_strategy: WriteStrategy,
    own_folder: Path,
    history: History,
    sound: str,
    runner_of: Callable[..., StrategyRunner],
) -> None:
    manifest = (
        'name = "{name}"\nversion = "1"\ndescription = "d"\nsymbols = ["AAA"]\nwarmup = 5\n'
        '[parameters.stop]\ntype = "float"\ndefault = 0.02\nmax = 0.5\n'
    )
    write_strategy(code=sound.replace('Decimal("0.02")', 'Decimal(str(params["stop"]))'), manifest=manifest)
    said, failed = load_book(["sample"], [own_folder], runner_of(), params={"sample": {"stop": 0.25}}).signals(history)
    assert not failed
    assert said[0].policy == ExitPolicy(stop=Decimal("0.25"))
    (failure,) = load_book(["sample"], [own_folder], runner_of(), params={"sample": {"stop": 0.9}}).failures
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
    (folder / "notes.md").write_text("not code")
    assert fingerprint() == first
    seen = {first}
    for change in (
        lambda: write_strategy(code=sound + "\n"),
        lambda: (folder / "rules.py").write_text("A = 1"),
        lambda: (folder / "rules.py").write_text("A = 2"),
        lambda: (folder / "rules.py").rename(folder / "limits.py"),
        lambda: (folder / "best.json").write_text("{}"),
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


def test_a_symbol_has_the_stop_and_the_target_that_the_strategy_gives_it(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, answering: Answering
) -> None:
    fractions = "close * 0 + [1 / 30, 0.25, float('nan')]"
    write_strategy(code=answering(stop=fractions, target=f"({fractions}) * 3", exits="ExitPolicy(max_sessions=9)"))
    said, failed = book_of().signals(ending(history, 1.2, 0.8, 1.2))
    assert failed == ()
    signals = by_symbol(said)
    assert signals["AAA"].policy == ExitPolicy(stop=Decimal("0.033333"), target=Decimal("0.1"), max_sessions=9)
    assert signals["BBB"].policy == ExitPolicy(max_sessions=9), "it leaves, and needs no stop"
    unknown = signals["CCC"].policy
    assert unknown.stop is not None
    assert unknown.target is not None
    assert unknown.stop.is_nan()
    assert unknown.target.is_nan()
    assert signals["CCC"].action is Action.ENTER


@pytest.mark.parametrize("value", ["0.0", "-0.1", "1.0", "float('inf')", "-float('inf')", "1e300", "1e-300"])
def test_a_stop_that_is_no_fraction_fails_no_strategy(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    answering: Answering,
    value: str,
) -> None:
    write_strategy(code=answering(stop=f"close * 0 + {value}"))
    said, failed = book_of().signals(ending(history, 1.2, 1.2, 1.2))
    assert failed == ()
    assert not any(is_stop(signal.policy.stop) for signal in said if signal.policy.stop is not None)


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
