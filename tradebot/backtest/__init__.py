"""Backtests: the decisions of ``core`` over past daily bars, without a home, an account or a ledger."""
