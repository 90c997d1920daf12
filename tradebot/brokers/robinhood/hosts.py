"""Robinhood's hosts, and the headers that robin-stocks sends them. No other host gets a token."""

from __future__ import annotations

from typing import Final

from robin_stocks.robinhood import globals as robin_stocks

from tradebot.settings.endpoints import Endpoint

ACCOUNT_URL: Final = "https://api.robinhood.com"
TRANSFERS_URL: Final = "https://bonfire.robinhood.com"

#: Those that the session itself decides by the request: a form or JSON, and the encodings that it can read.
_OF_THE_SESSION = frozenset({"Content-Type", "Accept-Encoding", "Connection"})
HEADERS: Final = {name: str(text) for name, text in robin_stocks.SESSION.headers.items() if name not in _OF_THE_SESSION}


def account_host(base_url: str | None) -> Endpoint:
    """The host of the account, its orders and prices, and of tokens; or its stand-in at ``base_url``."""
    return Endpoint(base_url or ACCOUNT_URL, "ROBINHOOD_BASE_URL")


def transfers_host(base_url: str | None) -> Endpoint:
    """The host that lists transfers; or its stand-in at ``base_url``."""
    return Endpoint(base_url or TRANSFERS_URL, "ROBINHOOD_BASE_URL")
