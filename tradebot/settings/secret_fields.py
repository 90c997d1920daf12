"""Field types of secrets: texts that appear masked everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tradebot.settings.field_types import FieldType, InvalidValue

MASK = "********"


class SecretText:
    """A text whose ``str`` and ``repr`` are a mask. It compares and hashes as the text does."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True)
class Secret(FieldType[SecretText]):
    """A secret of printable characters, such as a password, of which every character counts."""

    secret: ClassVar[bool] = True
    verbatim: ClassVar[bool] = True

    def _accepts(self) -> str:
        return "text, kept secret"

    def _parse(self, text: str) -> SecretText:
        if not text.isprintable():
            raise InvalidValue("it holds characters that cannot be typed", "Copy it again, without line breaks.")
        return SecretText(text)
