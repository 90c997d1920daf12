"""What a job may ask of the world: small Protocols, each with one adapter a file behind it."""

from __future__ import annotations

from tradebot.ports.home import Alerts, Latch, Lock, StopSwitch
from tradebot.ports.ledger import Books, Journal, Ledger, OrderBook, Outbox, Pins, Records, RunLog, Safety, ScheduleLog
from tradebot.ports.market import Broker, Calendar, Clock, MarketData, PriceSource
from tradebot.ports.plugins import Strategies, StrategyFailure, StrategyInfo

__all__ = [
    "Alerts",
    "Books",
    "Broker",
    "Calendar",
    "Clock",
    "Journal",
    "Latch",
    "Ledger",
    "Lock",
    "MarketData",
    "OrderBook",
    "Outbox",
    "Pins",
    "PriceSource",
    "Records",
    "RunLog",
    "Safety",
    "ScheduleLog",
    "StopSwitch",
    "Strategies",
    "StrategyFailure",
    "StrategyInfo",
]
