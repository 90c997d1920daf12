"""The parameters of a strategy: types, defaults, ranges and choices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from tradebot.plugins.toml_file import shown
from tradebot.strategy_api import ParamValue

_MAX_FLOAT = 1e300  # excludes infinity, NaN and integers that overflow a float
_MAX_INT = 1 << 63  # larger ones fit no array


class ParamType(StrEnum):
    """The type of a parameter, as the manifest names it."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STR = "str"

    @property
    def ordered(self) -> bool:
        """Whether a range can be given."""
        return self in (ParamType.INT, ParamType.FLOAT)

    def accepts(self, value: object) -> TypeGuard[ParamValue]:
        """Whether a value from TOML has this type. A float may be written as an integer."""
        match self:
            case ParamType.BOOL:
                return isinstance(value, bool)
            case ParamType.INT:
                return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_INT
            case ParamType.FLOAT:
                return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_FLOAT
            case ParamType.STR:
                return isinstance(value, str)

    def cast(self, value: ParamValue) -> ParamValue:
        """Convert an accepted value: an integer becomes a float for type FLOAT."""
        return float(value) if self is ParamType.FLOAT else value


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a strategy."""

    name: str
    type: ParamType
    default: ParamValue
    minimum: float | None = None  # inclusive
    maximum: float | None = None  # inclusive
    choices: tuple[ParamValue, ...] = ()  # empty: any value of the type
    description: str = ""

    def problem_with(self, value: object) -> str | None:
        """The reason why ``value`` is not allowed; None if it is."""
        if not self.type.accepts(value):
            return f"{shown(value)} is not of type {self.type}"
        if self.choices and value not in self.choices:
            return f"{shown(value)} is none of {', '.join(map(repr, self.choices))}"
        if isinstance(value, str):
            return None
        if self.minimum is not None and value < self.minimum:
            return f"{shown(value)} is below the minimum {self.minimum!r}"
        if self.maximum is not None and value > self.maximum:
            return f"{shown(value)} is above the maximum {self.maximum!r}"
        return None
