"""The clocks that a desk may have. Nothing else reads the machine's time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tradebot.settings import GlobalOptions, load_valid, process_environment

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange

#: How far this process is ahead of the machine: not at all, save against a broker that is played on this machine.
_ahead = timedelta(0)


def begin(options: GlobalOptions) -> None:
    """Let the process begin at TRADEBOT_NOW, and time run on from there, where the settings allow it."""
    global _ahead
    _ahead = timedelta(0)
    if "TRADEBOT_NOW" in process_environment():  # else no settings need be read before a latch is set
        start = load_valid(options).start_time
        if start is not None:
            _ahead = start - datetime.now(UTC)


class SystemClock:
    """The machine's clock, for brokers whose time is the world's."""

    def now(self) -> datetime:
        return self.wall()

    def wall(self) -> datetime:
        return datetime.now(UTC) + _ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ExchangeClock:
    """The embedded exchange's time. Nothing is gained by waiting there: it moves only when a job begins."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange

    def now(self) -> datetime:
        return self._exchange.now()

    def wall(self) -> datetime:
        return SystemClock().wall()

    def sleep(self, seconds: float) -> None:
        return None
