"""Alpaca's URLs, and the endpoints and keys that requests are sent with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tradebot.settings.url_fields import LOOPBACK_HOSTS

#: https://docs.alpaca.markets/docs/authentication
PAPER_URL: Final = "https://paper-api.alpaca.markets"
LIVE_URL: Final = "https://api.alpaca.markets"
DATA_URL: Final = "https://data.alpaca.markets"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service that requests are sent to."""

    url: str  # scheme, host and port, without a path
    setting: str = "ALPACA_BASE_URL"  # the setting that holds the URL

    @property
    def host(self) -> str:
        """Host and port: the name of the service in messages."""
        return urlsplit(self.url).netloc

    @property
    def loopback(self) -> bool:
        """Whether the service is on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK_HOSTS


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key. ``repr`` shows neither part."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
