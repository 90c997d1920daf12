"""The clocks of a desk. Nothing else reads the machine's time."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tradebot.settings import GlobalOptions, load_valid, process_environment

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange

#: The clocks that pass in sleep, by platform, where time.monotonic does not.
_CLOCKS_WITH_SLEEP = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}

#: How far this process is ahead of the machine's clock: zero, save with TRADEBOT_NOW.
_ahead = timedelta(0)


def begin(options: GlobalOptions) -> None:
    """Start the process's time at TRADEBOT_NOW, if it is set and the settings allow it. Raises ConfigError."""
    global _ahead
    _ahead = timedelta(0)
    if "TRADEBOT_NOW" in process_environment():  # otherwise no settings are read before a latch is set
        start = load_valid(options).start_time
        if start is not None:
            _ahead = start - datetime.now(UTC)


def seconds_with_sleep() -> float:
    """Seconds since a fixed instant; they pass while the machine sleeps too, and no one can set them.

    Linux stops CLOCK_MONOTONIC in sleep, macOS the clock of time.monotonic, Windows neither
    (https://man7.org/linux/man-pages/man2/clock_gettime.2.html, clock_gettime(3) of macOS,
    https://learn.microsoft.com/windows/win32/sysinfo/acquiring-high-resolution-time-stamps).
    """
    name = _CLOCKS_WITH_SLEEP.get(sys.platform)
    return time.monotonic() if name is None else time.clock_gettime(getattr(time, name))


class SystemClock:
    """The machine's clock, for a broker outside."""

    def now(self) -> datetime:
        """The machine's time, aware UTC."""
        return self.wall()

    def wall(self) -> datetime:
        """The machine's time, aware UTC."""
        return datetime.now(UTC) + _ahead

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ExchangeClock:
    """The embedded exchange's clock. Waiting takes no time there: the exchange moves only when a job begins."""

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange

    def now(self) -> datetime:
        """The exchange's time, aware UTC."""
        return self._exchange.now()

    def wall(self) -> datetime:
        """The machine's time, aware UTC."""
        return SystemClock().wall()

    def sleep(self, seconds: float) -> None:
        """Do not wait."""
        return
