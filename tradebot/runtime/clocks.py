"""The clocks that a desk may have. Nothing else reads the machine's time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange


class SystemClock:
    """The machine's clock, for brokers whose time is the world's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ExchangeClock:
    """The embedded exchange's time. Nothing is gained by waiting there: it moves only when a job begins."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange

    def now(self) -> datetime:
        return self._exchange.now()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        return None
