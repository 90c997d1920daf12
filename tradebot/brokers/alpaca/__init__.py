"""Alpaca: the account in ``broker`` (orders, activities), prices in ``data`` (bars, quotes, corporate actions)."""
