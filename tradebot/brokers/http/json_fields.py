"""Typed access to decoded JSON. A missing or malformed field makes an answer unusable; unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import ClassVar, TypeVar

from tradebot.brokers.http.responses import Json
from tradebot.errors import BrokerUnavailable

#: The most digits of an amount, a price or a quantity before or after its point. Arithmetic with more has no bound.
_MAX_DIGITS = 30

T = TypeVar("T")


class JsonFields:
    """The fields of one JSON object of a broker's. ``label`` names the object in errors: "the account", "order 4f0c".

    Every method raises BrokerUnavailable, naming the field, when the value cannot be read. Methods that begin with
    "maybe" return None for a field that is absent, null or empty.
    """

    #: The broker's name in errors.
    broker: ClassVar[str]

    def __init__(self, raw: Json, label: str) -> None:
        if not isinstance(raw, dict):
            raise BrokerUnavailable(
                f"{self.broker} answered {_shortened(raw)} where {label} belongs. Nothing was taken from it."
            )
        self._raw = raw
        self._label = label

    def text(self, name: str) -> str:
        """A text that is not empty."""
        return self._required(name, self.maybe_text(name))

    def maybe_text(self, name: str) -> str | None:
        """A text, or None."""
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._unreadable(name)
        return value

    def number(self, name: str) -> Decimal:
        """A number, written as text or as a JSON number."""
        return self._required(name, self.maybe_number(name))

    def maybe_number(self, name: str) -> Decimal | None:
        """A number, written as text or as a JSON number, or None."""
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self._unreadable(name)
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self._unreadable(name) from None
        if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS:
            raise self._unreadable(name)
        return number

    def flag(self, name: str) -> bool:
        """True or False."""
        value = self._required(name, self._raw.get(name))
        if not isinstance(value, bool):
            raise self._unreadable(name)
        return value

    def maybe_flag(self, name: str) -> bool | None:
        """True, False or None."""
        return None if self._raw.get(name) is None else self.flag(name)

    def instant(self, name: str) -> datetime:
        """An instant written with its offset, as aware UTC."""
        return self._required(name, self.maybe_instant(name))

    def maybe_instant(self, name: str) -> datetime | None:
        """An instant written with its offset, as aware UTC, or None. Digits beyond the microsecond are dropped."""
        text = self.maybe_text(name)
        if text is None:
            return None
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise self._unreadable(name)
            return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._unreadable(name) from None

    def second(self, name: str) -> datetime:
        """An instant written as whole seconds since 1970, as aware UTC."""
        try:
            return datetime.fromtimestamp(int(self.number(name)), UTC)
        except (ValueError, OverflowError, OSError):
            raise self._unreadable(name) from None

    def items(self, name: str) -> Sequence[Json]:
        """A list; empty for a field that is absent or null."""
        value = self._raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._unreadable(name)
        return value

    def lists(self, name: str) -> Sequence[Sequence[Json]]:
        """The values of an object of lists, whatever its keys; empty for a field that is absent or null."""
        value = self._raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
            raise self._unreadable(name)
        return tuple(value.values())

    def _required(self, name: str, value: T | None) -> T:
        if value is None:
            raise BrokerUnavailable(f"{self.broker}'s answer lacks {name} of {self._label}. Nothing was taken from it.")
        return value

    def _unreadable(self, name: str) -> BrokerUnavailable:
        value = _shortened(self._raw.get(name))
        return BrokerUnavailable(
            f"{self.broker} answered {value} for {name} of {self._label}. Nothing was taken from it."
        )


def json_items(content: Json, label: str, broker: str) -> Sequence[Json]:
    """The content as a list; ``label`` names its items in errors. Raises BrokerUnavailable for any other content."""
    if not isinstance(content, list):
        raise BrokerUnavailable(
            f"{broker} answered {_shortened(content)} where {label} belong. Nothing was taken from it."
        )
    return content


def _shortened(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
