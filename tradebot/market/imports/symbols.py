"""Tickers, from the ways that makers write them and from the names of files."""

from __future__ import annotations

import re
from pathlib import PurePath

from tradebot.core.model.order_ids import SYMBOL

_STOOQ_NAME = re.compile(r"(.+?)(_us_[dwm]|\.us)", re.IGNORECASE)
_ENDINGS = re.compile(r"(\.(csv|txt|tsv|parquet|pq|gz))+$", re.IGNORECASE)
_SHARE_CLASS = re.compile(r"[-/ ](?=[A-Z]{1,3}$)")
#: Names of files that say what is in them, and no symbol.
_WORDS = frozenset(
    ("BAR", "BARS", "DAILY", "DATA", "DAY", "DAYS", "EOD", "FILE", "OHLC", "OHLCV", "OUT", "PRICE", "PRICES", "QUOTE",
     "STOCK", "TABLE", "TEST", "US")
)  # fmt: skip


def ticker(text: str) -> str | None:
    """A ticker as US exchanges write it, BRK.B for brk-b, BRK/B and brk-b.us; None for anything else."""
    name = text.strip().upper().removesuffix(".US")
    name = _SHARE_CLASS.sub(".", name)
    return name if SYMBOL.fullmatch(name) else None


def ticker_of_file(file: str) -> str | None:
    """The ticker that a file is named after, such as AAPL.csv or aapl.us.txt; None if its name says something else."""
    stem = _ENDINGS.sub("", PurePath(file).name)
    if found := _STOOQ_NAME.fullmatch(stem):
        stem = found[1]
    name = ticker(stem)
    is_short = name is not None and len(name.partition(".")[0]) <= 5
    return name if is_short and name not in _WORDS else None
