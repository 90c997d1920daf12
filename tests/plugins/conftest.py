"""Strategies written to a folder for one test, and histories to ask them about."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tradebot.plugins.process.strategy_process import ProcessOptions
from tradebot.plugins.runner import StrategyRunner
from tradebot.plugins.strategy_book import StrategyBook, load_book
from tradebot.strategy_api import History

DATA = Path(__file__).parents[2] / "tradebot" / "data"

MANIFEST = """\
name = "{name}"
version = "1.0.0"
description = "Made for a test."
symbols = ["AAA", "BBB", "CCC"]
warmup = 5
"""

#: Enters above the average of five sessions; tests replace its lines to break it.
SOUND = """\
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        close = history.close
        ratio = (close / close.rolling(5).mean()).round(6)
        return Signals(
            entry=ratio > 1.0,
            exit=ratio < 0.98,
            exits=ExitPolicy(stop=Decimal("0.02")),
            score=ratio.fillna(0.0),
            columns_used={"close": close, "ratio": ratio},
        )
"""


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "strategies"
    folder.mkdir()
    return folder


@pytest.fixture
def write_strategy(own_folder: Path) -> Callable[..., Path]:
    """Write a strategy into the user's own folder; gives the strategy's folder."""

    def write(name: str = "sample", code: str = SOUND, manifest: str = MANIFEST) -> Path:
        folder = own_folder / name
        folder.mkdir(exist_ok=True)
        (folder / "manifest.toml").write_text(manifest.replace("{name}", name), encoding="utf-8")
        (folder / "strategy.py").write_text(dedent(code), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def sound() -> str:
    """The code of a strategy that keeps every rule."""
    return SOUND


@pytest.fixture
def answering(sound: str) -> Callable[..., str]:
    """The sound code with its answer's fields replaced: ``answering(entry="close")``."""

    def replaced(**fields: str) -> str:
        lines = []
        for line in sound.splitlines():
            name = line.strip().partition("=")[0]
            if line.startswith(" " * 12) and name in fields:
                line = f"{' ' * 12}{name}={fields.pop(name)},"
            lines.append(line)
        extra = [f"{' ' * 12}{name}={value}," for name, value in fields.items()]
        return "\n".join(lines[:-1] + extra + lines[-1:]) + "\n"

    return replaced


@pytest.fixture
def history() -> History:
    """Sixty sessions of three symbols on a seeded random walk."""
    generator = np.random.default_rng(7)
    sessions = pd.bdate_range("2007-01-03", periods=60)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.02, (60, 3)), axis=0))
    frame = pd.DataFrame(close, index=sessions, columns=["AAA", "BBB", "CCC"])
    return History(frame, frame * 1.01, frame * 0.99, frame.copy(), frame * 0 + 1e6)


@pytest.fixture(scope="session")
def real_history() -> History:
    """The bundled prices, adjusted backward for every split and dividend."""
    bars = pd.read_csv(DATA / "us_daily_2000_2013.csv.gz", parse_dates=["date"])
    frames = {
        field: bars.pivot(index="date", columns="symbol", values=field).astype("float64")
        for field in ("open", "high", "low", "close", "volume")
    }
    close = frames["close"]
    prices = pd.DataFrame(1.0, index=close.index, columns=close.columns)
    shares = prices.copy()
    with (DATA / "corporate_actions_2000_2013.csv").open(encoding="utf-8") as file:
        for action in csv.DictReader(file):
            symbol, value = action["symbol"], float(action["value"])
            before = close.index[close.index < pd.Timestamp(action["ex_date"])]
            if action["kind"] == "split":
                prices.loc[before, symbol] /= value
                shares.loc[before, symbol] *= value
            else:
                prices.loc[before, symbol] *= 1 - value / float(close[symbol].loc[before].iloc[-1])
    return History(
        open=frames["open"] * prices,
        high=frames["high"] * prices,
        low=frames["low"] * prices,
        close=close * prices,
        volume=frames["volume"] * shares,
    )


@pytest.fixture
def runner_of() -> Iterator[Callable[..., StrategyRunner]]:
    """Runners with processes of their own, which end with the test."""
    with ExitStack() as held:

        def make(timeout_seconds: float = 30.0, **options: Any) -> StrategyRunner:
            runner = StrategyRunner(ProcessOptions(**options), lambda: None, timeout_seconds)
            held.callback(runner.close)
            return runner

        yield make


@pytest.fixture
def book_of(own_folder: Path, runner_of: Callable[..., StrategyRunner]) -> Callable[..., StrategyBook]:
    def load(*names: str, symbols: tuple[str, ...] = (), timeout_seconds: float = 30.0) -> StrategyBook:
        return load_book(names or ("sample",), [own_folder], runner_of(timeout_seconds), symbols)

    return load


def load(folder: str, timeout_seconds: float = 30.0) -> StrategyBook:
    """The strategy ``sample`` of a folder, for code in a process of its own."""
    return load_book(["sample"], [Path(folder)], StrategyRunner(ProcessOptions(), lambda: None, timeout_seconds))


@pytest.fixture
def run_python() -> Callable[[str, Path], subprocess.CompletedProcess[str]]:
    """Run code in a process of its own, in a folder."""

    def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    return run
