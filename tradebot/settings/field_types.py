"""Kinds of settings: how each is written, read, kept in bounds and shown again.

Each field of the model names its kind, so that the model is the one table from which validation, ``config show``,
env.example and docs/configuration.md are made.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from tradebot.core.model.values import canonical

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MASK = "********"
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?|\.[0-9]{1,12}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_BEFORE_HOST = re.compile(r"(?<=:)(/*).*@", re.DOTALL)
_QUERY = re.compile(r"\?.*", re.DOTALL)


class Refusal(ValueError):
    """A value that a setting does not take: ``what`` is wrong with it and how to ``fix`` it."""

    def __init__(self, what: str, fix: str) -> None:
        self.what = what
        self.fix = fix
        super().__init__(f"{what}. {fix}")


class SecretText:
    """A text that shows itself to nobody who does not ask for it by ``reveal``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class FieldType(ABC, Generic[T]):
    """One way of writing a value of type T."""

    secret = False

    @property
    @abstractmethod
    def accepts(self) -> str:
        """What may be written, in words for the documentation."""

    @abstractmethod
    def parse(self, text: str) -> T:
        """The value of a text without surrounding blanks. Raises Refusal."""

    def check(self, value: T) -> T:
        """The value itself when it is in bounds. Raises Refusal."""
        return value

    def show(self, value: T) -> str:
        """The text that ``parse`` reads back as ``value``."""
        return str(value)

    def read(self, text: str) -> T:
        """The value of a text, in bounds. Raises Refusal."""
        return self.check(self.parse(text.strip()))


@dataclass(frozen=True)
class Choice(FieldType[E]):
    """One of the members of an enumeration, in any case."""

    of: type[E]

    @property
    def accepts(self) -> str:
        return " or ".join(self.of)

    def parse(self, text: str) -> E:
        for member in self.of:
            if member.casefold() == text.casefold():
                return member
        raise Refusal(f"{shorten(text)!r} is not a choice", f"Write {self.accepts}.")


@dataclass(frozen=True)
class Switch(FieldType[bool]):
    """On or off."""

    @property
    def accepts(self) -> str:
        return "true or false"

    def parse(self, text: str) -> bool:
        match text.casefold():
            case "true" | "yes" | "on" | "1":
                return True
            case "false" | "no" | "off" | "0":
                return False
        raise Refusal(f"{shorten(text)!r} is neither true nor false", "Write true or false.")

    def show(self, value: bool) -> str:
        return "true" if value else "false"


@dataclass(frozen=True)
class Count(FieldType[int]):
    """A whole number between two bounds, both included."""

    least: int
    most: int

    @property
    def accepts(self) -> str:
        return f"{self.least:,} to {self.most:,}"

    def parse(self, text: str) -> int:
        if not _WHOLE_NUMBER.fullmatch(text):
            raise Refusal(f"{shorten(text)!r} is not a whole number", f"Write a number from {self.accepts}.")
        return int(text)

    def check(self, value: int) -> int:
        if not self.least <= value <= self.most:
            raise Refusal(f"{value:,} is out of bounds", f"Write a number from {self.accepts}, digits only.")
        return value


@dataclass(frozen=True)
class Money(FieldType[Decimal]):
    """An amount of USD between two bounds, both included, with at most ``places`` decimals."""

    least: str
    most: str
    places: int = 2

    @property
    def accepts(self) -> str:
        return f"{Decimal(self.least):,} to {Decimal(self.most):,} USD"

    def parse(self, text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise Refusal(
                f"{shorten(text)!r} is not an amount of USD",
                "Write digits and a decimal point, without currency sign or thousands separator.",
            )
        return Decimal(text)

    def check(self, value: Decimal) -> Decimal:
        if not Decimal(self.least) <= value <= Decimal(self.most):
            raise Refusal(f"{canonical(value)} is out of bounds", f"Write an amount from {self.accepts}.")
        if value != round(value, self.places):
            raise Refusal(f"{canonical(value)} has too many decimals", f"Write at most {self.places} decimals.")
        return value

    def show(self, value: Decimal) -> str:
        text = canonical(value)
        whole, _, cents = text.partition(".")
        return f"{whole}.{cents:0<2}" if cents else text


@dataclass(frozen=True)
class Percent(FieldType[Decimal]):
    """A share, kept as a fraction (0.03 is 3 %), between two bounds written as percentages, both included."""

    least: str
    most: str

    @property
    def accepts(self) -> str:
        return f"{self.least} to {self.most}"

    def parse(self, text: str) -> Decimal:
        number = text.removesuffix("%").rstrip()
        if not _NUMBER.fullmatch(number):
            raise Refusal(f"{shorten(text)!r} is not a percentage", "Write it as 3% or 0.03.")
        value = Decimal(number)
        if text.endswith("%"):
            return value / 100
        if value >= 1:
            raise Refusal(
                f"a bare {text} could mean {as_percent(value / 100)} or {as_percent(value)}",
                f"Write {canonical(value)}% or {canonical(value / 100)}; it takes {self.accepts}.",
            )
        return value

    def check(self, value: Decimal) -> Decimal:
        if value < _fraction(self.least):
            raise Refusal(f"{as_percent(value)} is less than the {self.least} it must be", self._bounds())
        if value > _fraction(self.most):
            raise Refusal(f"{as_percent(value)} is more than the {self.most} it may be", self._bounds())
        return value

    def show(self, value: Decimal) -> str:
        return as_percent(value)

    def _bounds(self) -> str:
        fractions = f"{canonical(_fraction(self.least))} to {canonical(_fraction(self.most))}"
        return f"Write {self.least} to {self.most} (as a fraction, {fractions})."


@dataclass(frozen=True)
class Names(FieldType[tuple[str, ...]]):
    """A comma-separated list without repetitions, each item of one pattern."""

    item: re.Pattern[str]
    noun: str
    plural: str
    example: str
    upper: bool = False

    @property
    def accepts(self) -> str:
        return f"comma list of {self.plural}"

    def parse(self, text: str) -> tuple[str, ...]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        return tuple(name.upper() for name in names) if self.upper else tuple(names)

    def check(self, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not self.item.fullmatch(name)]
        if wrong:
            listed = ", ".join(repr(shorten(name)) for name in wrong[:5])
            raise Refusal(f"not the name of a {self.noun}: {listed}", f"Write them like {self.example}.")
        twice = sorted(name for name, count in Counter(value).items() if count > 1)
        if twice:
            raise Refusal(f"named twice: {', '.join(twice)}", f"Name each {self.noun} once.")
        return value

    def show(self, value: tuple[str, ...]) -> str:
        return ",".join(value)


@dataclass(frozen=True)
class Day(FieldType[date]):
    """A date."""

    @property
    def accepts(self) -> str:
        return "date, YYYY-MM-DD"

    def parse(self, text: str) -> date:
        try:
            if len(text) == len("YYYY-MM-DD"):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise Refusal(f"{shorten(text)!r} is not a date", "Write it as YYYY-MM-DD, for example 2007-01-03.")


@dataclass(frozen=True)
class Instant(FieldType[datetime]):
    """A date and time with its offset from UTC."""

    @property
    def accepts(self) -> str:
        return "date and time, YYYY-MM-DDThh:mm:ssZ"

    def parse(self, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is not None and 1990 <= found.year < 2100:
                return found.astimezone(UTC)
        except ValueError:
            pass
        raise Refusal(f"{shorten(text)!r} is not an instant", "Write it like 2024-03-01T14:35:00Z, with its offset.")

    def show(self, value: datetime) -> str:
        return value.isoformat()


@dataclass(frozen=True)
class FilePath(FieldType[Path]):
    """A file or folder. ``base`` says what a relative path counts from; "" allows only absolute ones."""

    noun: str
    base: str = "the home"

    @property
    def accepts(self) -> str:
        return f"{self.noun}; {f'relative to {self.base}' if self.base else 'absolute'}"

    def parse(self, text: str) -> Path:
        try:
            return Path(text).expanduser()
        except RuntimeError as error:
            raise Refusal(f"{shorten(text)!r} names no {self.noun}", "Write the path without `~`.") from error

    def check(self, value: Path) -> Path:
        if not self.base and not value.is_absolute():
            raise Refusal(f"{shorten(str(value))!r} is a relative path", "Write an absolute path.")
        return value


@dataclass(frozen=True)
class DatabaseUrl(FieldType[str]):
    """Where the ledger is: a SQLite file."""

    @property
    def accepts(self) -> str:
        return "sqlite:/// and a path; relative to the home"

    def parse(self, text: str) -> str:
        scheme = text.partition(":")[0].casefold()
        if scheme in {"postgres", "postgresql"} or scheme.startswith("postgresql+"):
            raise Refusal("PostgreSQL is not in this version yet", "Write sqlite:/// and a path.")
        path = text.removeprefix("sqlite:///")
        if path == text or not path or "?" in path or "#" in path or path.endswith("/"):
            raise Refusal(
                f"{shorten(without_password(text))!r} is not the address of a SQLite file",
                "Write sqlite:/// and a path, for example sqlite:///trading_robot.db.",
            )
        if path == ":memory:":
            raise Refusal("a ledger in memory forgets everything", "Write sqlite:/// and the path of a file.")
        return text


@dataclass(frozen=True)
class Secret(FieldType[SecretText]):
    """A text that is shown nowhere."""

    secret = True

    @property
    def accepts(self) -> str:
        return "text, kept secret"

    def parse(self, text: str) -> SecretText:
        if not text.isprintable():
            raise Refusal("it holds characters that cannot be typed", "Copy it again, without line breaks.")
        return SecretText(text)

    def show(self, value: SecretText) -> str:
        return str(value)


@dataclass(frozen=True)
class SecretUrl(Secret):
    """The address of a service, https or http on this machine, that is as good as a password."""

    @property
    def accepts(self) -> str:
        return "https address, kept secret"

    def parse(self, text: str) -> SecretText:
        secret = super().parse(text)
        if not is_address(text):
            raise Refusal("it is not an https address", "Write https://HOST/PATH.")
        if "@" in urlsplit(text).netloc or "#" in text:
            raise Refusal("the address carries a user, a password or a fragment", "Write it without them.")
        return secret


def as_percent(fraction: Decimal) -> str:
    """0.005 as ``0.5%``."""
    return f"{canonical(fraction * 100)}%"


def shorten(text: str, most: int = 40) -> str:
    """``text`` cut to a length that fits in a message."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def without_password(url: str) -> str:
    """A URL with user, password and query masked."""
    return _QUERY.sub(f"?{MASK}", _BEFORE_HOST.sub(rf"\1{MASK}@", url))


def is_address(text: str) -> bool:
    """Whether a URL is https, or http on this machine."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    local = host in {"localhost", "127.0.0.1", "::1"}
    return bool(host) and port != 0 and (parts.scheme == "https" or (local and parts.scheme == "http"))


def _fraction(percent: str) -> Decimal:
    return Decimal(percent.removesuffix("%")) / 100
