"""Symbols of options. This program does not trade them, but a person may hold some in the same account."""

from __future__ import annotations

import re
from decimal import Decimal

#: Shares that one option contract stands for; Alpaca gives its prices for one share.
_SHARES_PER_CONTRACT = Decimal(100)
#: Underlying, expiry, call or put, and strike price: AAPL240719C00200000.
_SYMBOL = re.compile(r"[A-Z0-9.]+\d{6}[CP]\d{8}")


def is_option(symbol: str) -> bool:
    """Whether a symbol is an option's. Not every answer of Alpaca names the asset class."""
    return _SYMBOL.fullmatch(symbol) is not None


def contract_size(symbol: str) -> Decimal:
    """Shares that one unit of the symbol stands for: its price in USD times this is the value of one unit."""
    return _SHARES_PER_CONTRACT if is_option(symbol) else Decimal(1)
