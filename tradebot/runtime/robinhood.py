"""Wires Robinhood: its account and its market data, with the addresses and tokens of the user."""

from __future__ import annotations

from tradebot.brokers.http.timeouts import Timeouts
from tradebot.errors import ConfigError, Problem
from tradebot.ports import Broker, Calendar, Clock, MarketData
from tradebot.settings import Settings


def open_robinhood(
    settings: Settings, clock: Clock, calendar: Calendar, timeouts: Timeouts
) -> tuple[Broker, MarketData]:
    """The broker and its market data. Raises ConfigError."""
    fix = "Write BROKER=paper, the embedded exchange, or BROKER=alpaca."
    raise ConfigError([Problem("BROKER", "the robinhood broker is not in this version yet", fix)])
