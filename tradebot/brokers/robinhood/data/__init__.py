"""Robinhood's market data: quotes, daily bars that are kept, candles, and splits."""

from tradebot.brokers.robinhood.data.market_data import RobinhoodMarket

__all__ = ["RobinhoodMarket"]
