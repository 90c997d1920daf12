"""Alpaca's URLs, and the keys that requests are sent with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: https://docs.alpaca.markets/docs/authentication
PAPER_URL: Final = "https://paper-api.alpaca.markets"
LIVE_URL: Final = "https://api.alpaca.markets"
DATA_URL: Final = "https://data.alpaca.markets"


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key. ``repr`` shows neither part."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
