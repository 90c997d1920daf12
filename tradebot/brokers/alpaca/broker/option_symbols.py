"""Options, which this program does not trade, and which a person may hold in the same account."""

from __future__ import annotations

import re
from decimal import Decimal

#: Shares that an option stands for; its prices are told for one share.
_SHARES = Decimal(100)
#: What it is on, the day on which it ends, call or put, and its price: AAPL240719C00200000.
_SYMBOL = re.compile(r"[A-Z0-9.]+\d{6}[CP]\d{8}")


def is_option(symbol: str) -> bool:
    """Whether a symbol is that of an option; not everything that Alpaca tells has the class of its asset with it."""
    return _SYMBOL.fullmatch(symbol) is not None


def unit_of(symbol: str) -> Decimal:
    """What its prices have to be multiplied with, to be those of one piece."""
    return _SHARES if is_option(symbol) else Decimal(1)
