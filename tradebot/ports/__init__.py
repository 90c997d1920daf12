"""What a job may ask of the world: small Protocols, each with one adapter a file behind it."""

from __future__ import annotations

from tradebot.ports.home import Alerts, Latch, Lock, StopSwitch
from tradebot.ports.market import Broker, Calendar, Clock, MarketData, PriceSource
from tradebot.ports.plugins import Strategies, StrategyFailure, StrategyInfo

__all__ = [
    "Alerts",
    "Broker",
    "Calendar",
    "Clock",
    "Latch",
    "Lock",
    "MarketData",
    "PriceSource",
    "StopSwitch",
    "Strategies",
    "StrategyFailure",
    "StrategyInfo",
]
