"""Alpaca's market data: daily bars kept in a cache, corporate actions, and the newest prices."""

from tradebot.brokers.alpaca.data.market_data import AlpacaMarket

__all__ = ["AlpacaMarket"]
