"""Alpaca's keys, and the headers that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alpaca.common.rest import RESTClient

from tradebot.errors import Blocked


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key. ``repr`` shows neither part."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)


class KeyHeaders:
    """The headers that alpaca-py sends; implements Authorisation.

    alpaca-py's own client has no time limit and repeats requests that have an effect, so that it sends nothing itself.
    """

    def __init__(self, keys: Keys) -> None:
        self._client = RESTClient("", keys.key_id, keys.secret, raw_data=True)

    @property
    def noun(self) -> str:
        """What lets the requests in."""
        return "the keys"

    def headers(self) -> Mapping[str, str]:
        """The keys, and the name of the program."""
        return self._client._get_default_headers()

    def renew(self, refused: Mapping[str, str]) -> bool:
        """False: keys stay what they are."""
        return False

    def refusal(self, message: str) -> Blocked:
        """The error for keys that Alpaca does not accept."""
        return Blocked(message)
