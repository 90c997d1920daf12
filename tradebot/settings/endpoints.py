"""The services that requests are sent to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tradebot.settings.url_fields import LOOPBACK_HOSTS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service that requests are sent to."""

    url: str  # scheme, host and port, without a path
    setting: str  # the setting that holds the URL

    @property
    def host(self) -> str:
        """Host and port: the name of the service in messages."""
        return urlsplit(self.url).netloc

    @property
    def loopback(self) -> bool:
        """Whether the service is on this machine."""
        return is_loopback_url(self.url)


def is_loopback_url(url: str) -> bool:
    """Whether the host of a URL is this machine, by its name or address alone."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS
