"""Backtests, wired: prices, strategies in a process of their own, and the limits of the settings."""
