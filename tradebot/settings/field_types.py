"""Field types: how the value of a setting is written as text, parsed, checked and shown.

Each field of the model declares its type by ``setting()``. Validation, ``config show``, env.example and
docs/configuration.md are made from these declarations.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class InvalidValue(ValueError):
    """A text that a setting does not accept: ``what`` is wrong, and how to ``fix`` it. Neither holds a secret."""

    def __init__(self, what: str, fix: str) -> None:
        self.what = what
        self.fix = fix
        super().__init__(f"{what}. {fix}")


class FieldType(ABC, Generic[T]):
    """The text form of values of type T."""

    secret: ClassVar[bool] = False  # whether ``show`` masks the value
    verbatim: ClassVar[bool] = False  # whether blanks at the ends belong to the value

    @property
    def accepts(self) -> str:
        """The accepted texts, described for the documentation."""
        return self._accepts()

    def read(self, text: str) -> T:
        """The value of ``text``, surrounding blanks ignored unless ``verbatim``. Raises InvalidValue."""
        value = self._parse(text if self.verbatim else text.strip())
        self._check(value)
        return value

    def show(self, value: T) -> str:
        """The text that ``read`` turns back into ``value``; a mask for a secret."""
        return self._show(value)

    @abstractmethod
    def _accepts(self) -> str: ...

    @abstractmethod
    def _parse(self, text: str) -> T:
        """The value of a text, which is stripped unless ``verbatim``. Raises InvalidValue."""

    def _check(self, value: T) -> None:
        """Raise InvalidValue for a value out of bounds."""

    def _show(self, value: T) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """The metadata of a model field."""

    type: FieldType[Any]
    meaning: str  # a sentence for the documentation
    process_only: bool = False  # read from the process environment only, refused in a `.env`


def setting(default: T, type_: FieldType[Any], meaning: str, *, process_only: bool = False) -> T:
    """A dataclass field with its default and metadata. It is typed T because a dataclass turns it into a T."""
    declared: T = field(default=default, metadata={"setting": FieldInfo(type_, meaning, process_only)})
    return declared


@dataclass(frozen=True)
class Choice(FieldType[E]):
    """A member of an enumeration, in any letter case."""

    of: type[E]

    def _accepts(self) -> str:
        return " or ".join(self.of)

    def _parse(self, text: str) -> E:
        for member in self.of:
            if member.casefold() == text.casefold():
                return member
        raise InvalidValue(f"{shorten(text)!r} is not a choice", f"Write {self.accepts}.")


@dataclass(frozen=True)
class Switch(FieldType[bool]):
    """A boolean: true, yes, on or 1; false, no, off or 0."""

    def _accepts(self) -> str:
        return "true or false"

    def _parse(self, text: str) -> bool:
        match text.casefold():
            case "true" | "yes" | "on" | "1":
                return True
            case "false" | "no" | "off" | "0":
                return False
        raise InvalidValue(f"{shorten(text)!r} is neither true nor false", "Write true or false.")

    def _show(self, value: bool) -> str:
        return "true" if value else "false"


@dataclass(frozen=True)
class Names(FieldType[tuple[str, ...]]):
    """A comma-separated list without duplicates."""

    pattern: re.Pattern[str]  # every item matches it in full
    noun: str
    plural: str
    example: str
    upper: bool = False  # whether items are turned to upper case

    def _accepts(self) -> str:
        return f"comma list of {self.plural}"

    def _parse(self, text: str) -> tuple[str, ...]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        return tuple(name.upper() for name in names) if self.upper else tuple(names)

    def _check(self, value: tuple[str, ...]) -> None:
        invalid = [name for name in value if not self.pattern.fullmatch(name)]
        if invalid:
            listed = ", ".join(repr(shorten(name)) for name in invalid[:5])
            raise InvalidValue(f"not the name of a {self.noun}: {listed}", f"Write them like {self.example}.")
        duplicates = sorted(name for name, count in Counter(value).items() if count > 1)
        if duplicates:
            raise InvalidValue(f"named twice: {', '.join(duplicates)}", f"Name each {self.noun} once.")

    def _show(self, value: tuple[str, ...]) -> str:
        return ",".join(value)


@dataclass(frozen=True)
class UserName(FieldType[str]):
    """The name of a user of this machine."""

    def _accepts(self) -> str:
        return "the name of a user"

    def _parse(self, text: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9._-]{0,31}[$]?", text):
            raise InvalidValue(f"{text!r} is no user's name", "Give one that `id NAME` knows.")
        return text

    def _show(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Day(FieldType[date]):
    """A date, YYYY-MM-DD."""

    def _accepts(self) -> str:
        return "date, YYYY-MM-DD"

    def _parse(self, text: str) -> date:
        try:
            if len(text) == len("YYYY-MM-DD"):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise InvalidValue(f"{shorten(text)!r} is not a date", "Write it as YYYY-MM-DD, for example 2007-01-03.")


@dataclass(frozen=True)
class Instant(FieldType[datetime]):
    """A date and time with its UTC offset, from 1990 to 2099. The value is in UTC."""

    def _accepts(self) -> str:
        return "date and time, YYYY-MM-DDThh:mm:ssZ"

    def _parse(self, text: str) -> datetime:
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is not None and 1990 <= instant.year < 2100:
                return instant.astimezone(UTC)
        except ValueError:
            pass
        raise InvalidValue(
            f"{shorten(text)!r} is not an instant", "Write it like 2024-03-01T14:35:00Z, with its offset."
        )

    def _show(self, value: datetime) -> str:
        return value.isoformat()


def shorten(text: str, max_length: int = 40) -> str:
    """``text`` cut to ``max_length`` characters, to be quoted in a message."""
    return text if len(text) <= max_length else f"{text[: max_length - 3]}..."
