"""Where requests go and with which keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

#: Alpaca's own addresses (https://docs.alpaca.markets/docs/authentication).
PAPER_URL: Final = "https://paper-api.alpaca.markets"
LIVE_URL: Final = "https://api.alpaca.markets"
DATA_URL: Final = "https://data.alpaca.markets"

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One service: its ``url`` is scheme, host and port without a path; ``setting`` is where the user writes it."""

    url: str
    setting: str = "ALPACA_BASE_URL"

    @property
    def host(self) -> str:
        """What messages call it: host and port, never more of the address."""
        return urlsplit(self.url).netloc

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK


@dataclass(frozen=True, slots=True)
class Keys:
    """The two halves of an API key; neither shows itself."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
