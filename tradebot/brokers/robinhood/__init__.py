"""Robinhood: its account and its market data."""
