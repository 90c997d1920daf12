"""Alpaca: ``broker`` has the account (orders, activities), ``data`` has prices (bars, quotes, corporate actions)."""
