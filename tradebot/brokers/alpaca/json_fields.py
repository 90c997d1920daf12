"""Reading an answer field by field: what is missing or senseless is no answer, and what is unknown is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from tradebot.brokers.http.responses import Json
from tradebot.errors import BrokerUnavailable

#: No amount, price or quantity has more digits before or after its point; arithmetic with any number has no end.
_MOST_DIGITS = 30

T = TypeVar("T")


class Fields:
    """The fields of one JSON object. ``what`` names it in errors: "the account", "order 4f0c".

    Every method raises BrokerUnavailable, naming the field, for what cannot be read. Methods that begin with "maybe"
    give None for a field that is absent, null or empty.
    """

    def __init__(self, raw: Json, what: str) -> None:
        if not isinstance(raw, dict):
            raise BrokerUnavailable(f"Alpaca answered {_shortly(raw)} where {what} belongs. Nothing was taken from it.")
        self._raw = raw
        self._what = what

    def text(self, name: str) -> str:
        return self._there(name, self.maybe_text(name))

    def maybe_text(self, name: str) -> str | None:
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._wrong(name)
        return value

    def number(self, name: str) -> Decimal:
        return self._there(name, self.maybe_number(name))

    def maybe_number(self, name: str) -> Decimal | None:
        """A number that comes as text, as most of Alpaca's do, or as a JSON number."""
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self._wrong(name)
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self._wrong(name) from None
        if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
            raise self._wrong(name)
        return number

    def flag(self, name: str) -> bool:
        value = self._there(name, self._raw.get(name))
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def maybe_flag(self, name: str) -> bool | None:
        return None if self._raw.get(name) is None else self.flag(name)

    def instant(self, name: str) -> datetime:
        return self._there(name, self.maybe_instant(name))

    def maybe_instant(self, name: str) -> datetime | None:
        """An instant with its offset, as aware UTC; digits beyond the microsecond are dropped."""
        text = self.maybe_text(name)
        if text is None:
            return None
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise self._wrong(name)
            return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._wrong(name) from None

    def second(self, name: str) -> datetime:
        """An instant in whole seconds since 1970, as aware UTC."""
        try:
            return datetime.fromtimestamp(int(self.number(name)), UTC)
        except (ValueError, OverflowError, OSError):
            raise self._wrong(name) from None

    def items(self, name: str) -> Sequence[Json]:
        """A list; an empty one for a field that is absent or null."""
        value = self._raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(name)
        return value

    def lists(self, name: str) -> Sequence[Sequence[Json]]:
        """The values of an object of lists, whatever its keys; none for a field that is absent or null."""
        value = self._raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
            raise self._wrong(name)
        return tuple(value.values())

    def _there(self, name: str, value: T | None) -> T:
        if value is None:
            raise BrokerUnavailable(f"Alpaca's answer lacks {name} of {self._what}. Nothing was taken from it.")
        return value

    def _wrong(self, name: str) -> BrokerUnavailable:
        told = _shortly(self._raw.get(name))
        return BrokerUnavailable(f"Alpaca answered {told} for {name} of {self._what}. Nothing was taken from it.")


def rows(answer: Json, what: str) -> Sequence[Json]:
    """An answer that is a list. Raises BrokerUnavailable for any other."""
    if not isinstance(answer, list):
        raise BrokerUnavailable(f"Alpaca answered {_shortly(answer)} where {what} belong. Nothing was taken from it.")
    return answer


def _shortly(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
