"""What a strategy is handed: copies of prices and of its own parameters, and nothing that leads to a control."""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

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

#: Prints what it was handed, as the log then shows.
_TELLS = (
    "close = history.close",
    """frames = vars(history)
        print("frames", *(f"{name}:{type(frame).__name__}" for name, frame in frames.items()))
        print("values", *{str(dtype) for frame in frames.values() for dtype in frame.dtypes})
        print("index", *{type(frame.index).__name__ for frame in frames.values()})
        print("symbols", *{type(symbol).__name__ for frame in frames.values() for symbol in frame.columns})
        print("attributes", [frame.attrs for frame in frames.values()])
        print("params", type(params).__name__, params)
        print("argument", type(history).__module__, type(history).__name__)
        close = history.close""",
)
_SPOILS = (
    "close = history.close",
    "close = history.close.copy()\n"
    "        for frame in vars(history).values():\n"
    "            frame.index.name = frame.columns.name = 'spoilt'\n"
    "            frame.iloc[:] = 0.0\n"
    "        params.clear()",
)


def test_it_is_handed_frames_of_numbers_and_its_own_parameters_and_no_more(
    write_strategy: WriteStrategy,
    book_of: Callable[..., StrategyBook],
    history: History,
    sound: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_strategy(code=sound.replace(*_TELLS), manifest=_WITH_PARAMETER)
    with caplog.at_level(logging.INFO):
        _, failed = book_of().signals(history)
    assert failed == ()
    assert [record.getMessage().removeprefix("strategy sample printed: ") for record in caplog.records] == [
        "frames open:DataFrame high:DataFrame low:DataFrame close:DataFrame volume:DataFrame",
        "values float64",
        "index DatetimeIndex",
        "symbols str",
        "attributes [{}, {}, {}, {}, {}]",
        "params dict {'days': 5}",
        "argument tradebot.strategy_api History",
    ]


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
