"""Who made a price file, by the names of its columns, and what that maker does to prices."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from tradebot.market.imports.column_names import plain


class Adjusted(StrEnum):
    """For which corporate actions a maker adjusts its open, high, low, close and volume."""

    NOTHING = "nothing"
    SPLITS = "splits"
    SPLITS_AND_DIVIDENDS = "splits and dividends"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Maker:
    """A maker of price files. ``says`` is what the user is told of its prices; empty where nothing need be said."""

    name: str
    adjusted: Adjusted
    says: str = ""


UNKNOWN = Maker("no maker known", Adjusted.UNKNOWN)
ALPACA = Maker("Alpaca", Adjusted.UNKNOWN)  # as its parameter ``adjustment`` asked, by default not
TIINGO = Maker("Tiingo", Adjusted.NOTHING)
MASSIVE = Maker("Massive (Polygon)", Adjusted.NOTHING)
ALPHA_VANTAGE = Maker("Alpha Vantage", Adjusted.NOTHING)
YAHOO = Maker("Yahoo", Adjusted.SPLITS, "Yahoo adjusts the close for splits")
YFINANCE = Maker(
    "yfinance",
    Adjusted.SPLITS_AND_DIVIDENDS,
    "yfinance adjusts all prices for splits and dividends (auto_adjust), unless it was told not to",
)
STOOQ = Maker("Stooq", Adjusted.SPLITS_AND_DIVIDENDS, "Stooq adjusts all prices for splits and dividends")

_STOOQ_FILE = re.compile(r"(_us_[dwm]\.(csv|txt)|\.us\.(csv|txt))(\.gz)?$", re.IGNORECASE)
_ADJUSTED_CLOSE = {"adj close", "adjclose", "adjusted close"}


def maker_of(names: Iterable[object], file: str, *, two_levels: bool) -> Maker:
    """The maker of a file with columns of these ``names``; ``two_levels``: fields and symbols stand in two rows."""
    listed = {plain(name) for name in names}
    bracketed = any(str(name).startswith("<") for name in names)
    stooq_name = (
        _STOOQ_FILE.search(PurePath(file).name) and not _ADJUSTED_CLOSE & listed
    )  # others write AAPL.US.csv too
    if ("ticker" in listed and bracketed) or stooq_name:
        return STOOQ
    if {"divcash", "splitfactor"} <= listed:
        return TIINGO
    if {"adjusted close", "split coefficient"} <= listed:
        return ALPHA_VANTAGE
    if "window start" in listed or {"vw", "n"} <= listed:
        return MASSIVE
    if {"trade count", "vwap"} <= listed:
        return ALPACA
    if {"adj close", "adjclose"} & listed:
        return YAHOO
    return YFINANCE if two_levels or "stock splits" in listed else UNKNOWN
