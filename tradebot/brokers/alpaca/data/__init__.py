"""Alpaca's market data: daily bars and corporate actions with their caches, and the newest prices."""

from tradebot.brokers.alpaca.data.market_data import AlpacaMarket

__all__ = ["AlpacaMarket"]
