"""Sweeps, wired: many variants of a backtest over processes, what is known of each, and what is luck in it."""
