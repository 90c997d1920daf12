"""Robinhood's market data: quotes, daily bars and candles, splits."""
