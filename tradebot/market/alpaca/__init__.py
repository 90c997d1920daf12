"""Alpaca's market data: daily bars kept in a cache, corporate actions, and the newest prices."""

from tradebot.market.alpaca.market import AlpacaMarket

__all__ = ["AlpacaMarket"]
