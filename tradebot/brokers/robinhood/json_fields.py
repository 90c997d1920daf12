"""Typed access to Robinhood's JSON."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from tradebot.brokers.http.json_fields import JsonFields


class Fields(JsonFields):
    """The fields of one JSON object of Robinhood's."""

    broker = "Robinhood"

    def maybe_object(self, name: str) -> Self | None:
        """The fields of an object within this one, or None."""
        return None if self._raw.get(name) is None else type(self)(self._raw[name], f"{name} of {self._label}")

    def id_of(self, name: str) -> str:
        """The id of what a field names: ``name_id``, or else the last part of the address in ``name``."""
        return self.maybe_text(f"{name}_id") or last_part(self.text(name))

    def account_number(self) -> str | None:
        """The number of the account that this belongs to; None where nothing tells it."""
        address = self.maybe_text("account")
        return self.maybe_text("account_number") or (None if address is None else last_part(address))


def last_part(address: str) -> str:
    """The last part of the path of an address: the id of what it names."""
    return urlsplit(address).path.rstrip("/").rpartition("/")[2]
