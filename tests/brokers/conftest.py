"""Opens embedded exchanges that are closed again when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.pit import FREE, Pit
from tests.market.conftest import actions_file, bars_file, clock_at
from tradebot.brokers.paper import ExchangeRules
from tradebot.ports import PriceSource

__all__ = ["actions_file", "bars_file", "clock_at", "pit"]

OpenPit = Callable[..., Pit]


@pytest.fixture
def pit(tmp_path: Path) -> Iterator[OpenPit]:
    """Opens an exchange over prices; trading is free of costs unless rules say otherwise."""
    with ExitStack() as stack:
        count = 0

        def open_pit(prices: PriceSource, rules: ExchangeRules = FREE) -> Pit:
            nonlocal count
            count += 1
            opened = Pit(tmp_path / f"exchange{count}.db", prices, rules)
            stack.callback(lambda: opened.exchange.close())
            return opened

        yield open_pit
