"""Typed access to Robinhood's JSON."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Self
from urllib.parse import urlsplit

from tradebot.brokers.http.json_fields import JsonFields
from tradebot.core.model.values import MAX_PRICE


class Fields(JsonFields):
    """The fields of one JSON object of Robinhood's."""

    broker = "Robinhood"

    def maybe_object(self, name: str) -> Self | None:
        """The fields of an object within this one, or None."""
        return None if self._raw.get(name) is None else type(self)(self._raw[name], f"{name} of {self._label}")

    def is_object(self, name: str) -> bool:
        """Whether a field holds an object."""
        return isinstance(self._raw.get(name), dict)

    def id_of(self, name: str) -> str:
        """The id of what a field names: ``name_id``, or else the last part of the address in ``name``."""
        return self.maybe_text(f"{name}_id") or last_part(self.text(name))

    def price(self, name: str) -> Decimal:
        """A price that a market can have, USD a share."""
        price = self.number(name)
        if not 0 < price <= MAX_PRICE:
            raise self._unreadable(name)
        return price

    def maybe_day(self, name: str) -> date | None:
        """A date, or None."""
        text = self.maybe_text(name)
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError:
            raise self._unreadable(name) from None

    def account_number(self) -> str | None:
        """The number of the account that this belongs to; None where nothing tells it."""
        address = self.maybe_text("account")
        return self.maybe_text("account_number") or (None if address is None else last_part(address))


def last_part(address: str) -> str:
    """The last part of the path of an address: the id of what it names."""
    return urlsplit(address).path.rstrip("/").rpartition("/")[2]
