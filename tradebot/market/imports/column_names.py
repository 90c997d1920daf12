"""What the columns of a price file are, by the names that the usual makers give them."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: The names of each column in order of preference, as ``plain`` writes them.
ALIASES: dict[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker", "sym", "act symbol", "level 0"),
    "date": (
        "date", "datetime", "timestamp", "window start", "begins at", "trade date", "trading day", "day", "time", "t",
        "index", "level 1", "unnamed: 0", "",
    ),
    "open": ("open", "o", "open price", "opening price"),
    "high": ("high", "h", "high price", "day high"),
    "low": ("low", "l", "low price", "day low"),
    "close": ("close", "c", "close last", "close price", "closing price", "last", "last price", "price"),
    "volume": ("volume", "vol", "vol.", "v", "share volume"),
    "adj_close": ("adj close", "adjclose", "adjusted close"),
    "dividend": ("dividends", "divcash", "dividend amount", "dividend"),
    "split": ("stock splits", "splitfactor", "split coefficient"),
    "period": ("per", "period"),
    "time": ("time",),
}  # fmt: skip
PRICES = ("open", "high", "low", "close")
NEEDED = ("date", *PRICES, "volume")

_MARKS = re.compile(r"[<>*_\s/-]+")
_NUMBERED = re.compile(r"^\d+\. ")
_EXPLAINED = re.compile(r" (close price adjusted|adjusted close price) .*")
_PAIR = re.compile(r"""^\(['"](.*?)['"], ['"](.*?)['"]\)$""")


def plain(name: object) -> str:
    """A name in small letters without marks and explanations: "<VOL>" is "vol", "1. open" is "open"."""
    text = _MARKS.sub(" ", str(name).casefold()).strip()
    return _EXPLAINED.sub("", _NUMBERED.sub("", text)).strip()


def is_field(name: object) -> bool:
    """Whether the name is that of a price, a volume or an event, which a file has once for each symbol."""
    text = plain(name)
    fields = (*PRICES, "volume", "adj_close", "dividend", "split")
    return len(text) > 1 and any(text in ALIASES[field] for field in fields)


def pair(name: object) -> tuple[str, str] | None:
    """The two levels of a name that a program wrote as text, ``('Close', 'AAPL')``; None for another name."""
    found = _PAIR.match(str(name))
    return (found[1], found[2]) if found else None


def columns_by_role(names: Iterable[object]) -> dict[str, int]:
    """The position of the column of each role that the names have; the preferred one where several serve.

    Raises ValueError with the name of a role that two columns of the same name claim.
    """
    listed = list(names)
    plain_names = [plain(name) for name in listed]
    if "T" in listed and "t" in listed:  # Massive writes the symbol as T and the instant as t
        plain_names[listed.index("T")] = "symbol"
    found: dict[str, int] = {}
    for role, aliases in ALIASES.items():
        for alias in aliases:
            places = [place for place, name in enumerate(plain_names) if name == alias and place not in found.values()]
            if len(places) > 1 and alias:
                raise ValueError(listed[places[0]])
            if places:
                found[role] = places[0]
                break
    return found
