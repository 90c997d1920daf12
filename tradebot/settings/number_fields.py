"""Field types of numbers: counts, amounts of money and percentages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.values import canonical
from tradebot.settings.field_types import FieldType, InvalidValue, shorten

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?|\.[0-9]{1,12}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Count(FieldType[int]):
    """A whole number from ``least`` to ``most``, both included."""

    least: int
    most: int

    def _accepts(self) -> str:
        return f"{self.least:,} to {self.most:,}"

    def _parse(self, text: str) -> int:
        if not _WHOLE_NUMBER.fullmatch(text):
            raise InvalidValue(f"{shorten(text)!r} is not a whole number", f"Write a number from {self.accepts}.")
        return int(text)

    def _check(self, value: int) -> None:
        if not self.least <= value <= self.most:
            raise InvalidValue(f"{value:,} is out of bounds", f"Write a number from {self.accepts}, digits only.")


@dataclass(frozen=True)
class Money(FieldType[Decimal]):
    """An amount of USD from ``least`` to ``most``, both included, with at most ``places`` decimals."""

    least: str
    most: str
    places: int = 2

    def _accepts(self) -> str:
        return f"{Decimal(self.least):,} to {Decimal(self.most):,} USD"

    def _parse(self, text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise InvalidValue(
                f"{shorten(text)!r} is not an amount of USD",
                "Write digits and a decimal point, without currency sign or thousands separator.",
            )
        return Decimal(text)

    def _check(self, value: Decimal) -> None:
        if not Decimal(self.least) <= value <= Decimal(self.most):
            raise InvalidValue(f"{canonical(value)} is out of bounds", f"Write an amount from {self.accepts}.")
        if value != round(value, self.places):
            raise InvalidValue(f"{canonical(value)} has too many decimals", f"Write at most {self.places} decimals.")

    def _show(self, value: Decimal) -> str:
        text = canonical(value)
        whole, _, cents = text.partition(".")
        return f"{whole}.{cents:0<2}" if cents else text


@dataclass(frozen=True)
class Percent(FieldType[Decimal]):
    """A percentage from ``least`` to ``most``, both included and written like "3%". The value is a fraction: 0.03."""

    least: str
    most: str

    def _accepts(self) -> str:
        return f"{self.least} to {self.most}"

    def _parse(self, text: str) -> Decimal:
        number = text.removesuffix("%").rstrip()
        if not _NUMBER.fullmatch(number):
            raise InvalidValue(f"{shorten(text)!r} is not a percentage", "Write it as 3% or 0.03.")
        value = Decimal(number)
        if text.endswith("%"):
            return value / 100
        if value >= 1:
            raise InvalidValue(
                f"a bare {text} could mean {as_percent(value / 100)} or {as_percent(value)}",
                f"Write {canonical(value)}% or {canonical(value / 100)}; it takes {self.accepts}.",
            )
        return value

    def _check(self, value: Decimal) -> None:
        least, most = _fraction(self.least), _fraction(self.most)
        fix = f"Write {self.least} to {self.most} (as a fraction, {canonical(least)} to {canonical(most)})."
        if value < least:
            raise InvalidValue(f"{as_percent(value)} is less than the {self.least} it must be", fix)
        if value > most:
            raise InvalidValue(f"{as_percent(value)} is more than the {self.most} it may be", fix)

    def _show(self, value: Decimal) -> str:
        return as_percent(value)


def as_percent(fraction: Decimal) -> str:
    """A fraction as a percentage: 0.005 as ``0.5%``."""
    return f"{canonical(fraction * 100)}%"


def _fraction(percent: str) -> Decimal:
    return Decimal(percent.removesuffix("%")) / 100
