"""The shipped strategies, asked about closes written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import pandas as pd
import pytest

from tradebot.plugins.discovery import find
from tradebot.plugins.load import read_plugin
from tradebot.plugins.raw_signals import raw_signals
from tradebot.plugins.signal_validation import StrategySignals, select_symbols, validate
from tradebot.plugins.strategy_module import load_class
from tradebot.strategy_api import History, ParamValue

Closes = Mapping[str, Sequence[float]]


@pytest.fixture
def ask() -> Callable[..., StrategySignals]:
    """What a strategy says to closes by symbol, one a business day from ``start`` on."""

    def asked(name: str, closes: Closes, start: str = "2006-01-02", **params: ParamValue) -> StrategySignals:
        sessions = pd.bdate_range(start, periods=len(next(iter(closes.values()))))
        close = pd.DataFrame(
            {symbol: list(values) for symbol, values in closes.items()}, index=sessions, dtype="float64"
        )
        history = History(open=close, high=close * 1.01, low=close * 0.99, close=close, volume=close * 0 + 1e6)
        (found,) = find([name], [])
        plugin = read_plugin(found, tuple(closes), params)
        own = select_symbols(history, plugin.info.symbols)
        signals = load_class(name, plugin.folder)().signals(own, dict(plugin.info.params))
        return validate(raw_signals(signals, own.close), own, plugin.info.warmup)

    return asked


def sma(closes: Sequence[float], sessions: int) -> float:
    """The plain average of the newest closes."""
    return sum(closes[-sessions:]) / sessions


def wilder_rsi(closes: Sequence[float], sessions: int) -> float:
    """Wilder's relative strength index as his book (New Concepts in Technical Trading Systems, 1978) works it out."""
    changes = [after - before for before, after in pairwise(closes)]
    gains = [max(change, 0.0) for change in changes]
    losses = [max(-change, 0.0) for change in changes]
    gain, loss = sum(gains[:sessions]) / sessions, sum(losses[:sessions]) / sessions
    for more_gain, more_loss in zip(gains[sessions:], losses[sessions:], strict=True):
        gain = (gain * (sessions - 1) + more_gain) / sessions
        loss = (loss * (sessions - 1) + more_loss) / sessions
    return 100 * gain / (gain + loss)


@pytest.fixture
def average() -> Callable[[Sequence[float], int], float]:
    return sma


@pytest.fixture
def rsi() -> Callable[[Sequence[float], int], float]:
    return wilder_rsi


@pytest.fixture
def wandering() -> list[float]:
    """Six hundred closes that rise and fall without pattern, the same every time (Park and Miller's generator)."""
    closes, state = [50.0], 42
    while len(closes) < 600:
        state = state * 48271 % 2147483647
        closes.append(round(closes[-1] * (1 + (state / 2147483647 - 0.5) / 25), 2))
    return closes
