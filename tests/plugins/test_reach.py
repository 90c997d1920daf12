"""What a strategy is handed: copies of prices and of its own parameters, and nothing that leads to a control."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tradebot.plugins.discovery import shipped_folder
from tradebot.plugins.strategy_book import StrategyBook
from tradebot.settings import Settings
from tradebot.strategy_api import History

WriteStrategy = Callable[..., Path]

_WITH_PARAMETER = """\
name = "{name}"
version = "1.0.0"
description = "Made for a test."
symbols = ["AAA", "BBB", "CCC"]
warmup = 5

[parameters.days]
type = "int"
default = 5
description = "Sessions of the average."
"""

_KEEPS = ("close = history.close", "SEEN.append((history, params))\n        close = history.close")
_SPOILS = (
    "close = history.close",
    "close = history.close.copy()\n"
    "        for frame in vars(history).values():\n"
    "            frame.index.name = frame.columns.name = 'spoilt'\n"
    "            frame.iloc[:] = 0.0\n"
    "        params.clear()",
)


@pytest.fixture
def handed(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str
) -> tuple[Any, ...]:
    """The arguments that a strategy was called with."""
    write_strategy(
        code=sound.replace("class Strategy", "SEEN = []\n\n\nclass Strategy").replace(*_KEEPS), manifest=_WITH_PARAMETER
    )
    _, failed = book_of().signals(history)
    assert failed == ()
    (seen,) = sys.modules["_tradebot_strategy_sample.strategy"].SEEN
    return tuple(seen)


def test_it_is_handed_frames_of_numbers_and_its_own_parameters_and_no_more(handed: tuple[Any, ...]) -> None:
    prices, params = handed
    assert type(prices) is History
    for field in fields(History):
        frame = getattr(prices, field.name)
        assert type(frame) is pd.DataFrame
        assert set(frame.dtypes) == {np.dtype("float64")}
        assert type(frame.index) is pd.DatetimeIndex
        assert all(type(symbol) is str for symbol in frame.columns)
        assert frame.attrs == {}
    assert vars(prices).keys() == {field.name for field in fields(History)}
    assert (type(params), params) == (dict, {"days": 5})


def test_its_frames_are_its_own(handed: tuple[Any, ...], history: History) -> None:
    for field in fields(History):
        assert not np.shares_memory(getattr(handed[0], field.name).to_numpy(), getattr(history, field.name).to_numpy())


@pytest.mark.parametrize("symbols", ['["AAA", "BBB", "CCC"]', '["BBB"]'], ids=["all symbols", "one symbol"])
def test_what_it_does_to_them_reaches_nobody_else_and_not_itself_the_next_time(
    write_strategy: WriteStrategy, book_of: Callable[..., StrategyBook], history: History, sound: str, symbols: str
) -> None:
    write_strategy("sample")
    own = _WITH_PARAMETER.replace('["AAA", "BBB", "CCC"]', symbols)
    write_strategy("spoiler", code=sound.replace(*_SPOILS), manifest=own)
    book = book_of("spoiler", "sample")
    names = (history.close.index.name, history.close.columns.name)
    alone, _ = book_of("sample").signals(history)
    for again in (history, replace(history)):
        said, failed = book.signals(again)
        assert failed == ()
        assert [signal for signal in said if signal.strategy == "sample"] == list(alone)
        assert dict(book.loaded[0].params) == {"days": 5}
        assert (again.close.index.name, again.close.columns.name) == names


def test_limits_cannot_be_changed_by_whoever_gets_hold_of_them() -> None:
    limits = Settings().limits()
    with pytest.raises(FrozenInstanceError):
        limits.max_order_value = limits.max_order_value * 2  # type: ignore[misc]


@pytest.mark.parametrize(
    "file", sorted(shipped_folder().rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_shipped_strategies_know_the_contract_alone(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        for name in names:
            assert not name.startswith("tradebot") or name == "tradebot.strategy_api", f"{file}: {name}"
