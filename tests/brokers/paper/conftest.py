"""Opens embedded exchanges at live prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.brokers.conftest import pit
from tests.fakes.live_pit import LivePit
from tests.fakes.live_prices import LiveMarket, new_york
from tests.fakes.pit import FREE
from tradebot.brokers.paper import ExchangeRules

__all__ = ["pit"]


OpenLivePit = Callable[..., LivePit]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[OpenLivePit]:
    """Opens an exchange on 2007-01-03, a Wednesday, or later, at trades of ACME by session."""
    with ExitStack() as stack:
        count = 0

        def open_live(trades: dict[str, str], at: str = "2007-01-03 09:00", rules: ExchangeRules = FREE) -> LivePit:
            nonlocal count
            count += 1
            market = LiveMarket(new_york(at))
            for session, of_session in trades.items():
                market.trade("ACME", session, of_session)
            opened = LivePit(tmp_path / f"live{count}.db", market, rules)
            stack.callback(opened.exchange.close)
            return opened

        yield open_live
