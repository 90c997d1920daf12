"""Ports: the Protocols through which a job reaches the world. Adapters implement them, one a file."""

from __future__ import annotations

from tradebot.ports.home import Alerts, Latch, Lock, StopSwitch
from tradebot.ports.market import Broker, Calendar, Clock, CorrectableCalendar, LivePrices, MarketData, PriceSource
from tradebot.ports.plugins import Strategies, StrategyFailure, StrategyInfo
from tradebot.ports.sending import Permit, SendGuard

__all__ = [
    "Alerts",
    "Broker",
    "Calendar",
    "Clock",
    "CorrectableCalendar",
    "Latch",
    "LivePrices",
    "Lock",
    "MarketData",
    "Permit",
    "PriceSource",
    "SendGuard",
    "StopSwitch",
    "Strategies",
    "StrategyFailure",
    "StrategyInfo",
]
