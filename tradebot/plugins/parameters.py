"""The parameters of a strategy: their types, defaults and ranges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from tradebot.strategy_api import ParamValue

_LARGEST = 1e300  # refuses infinity, NaN and whole numbers that no float can hold


class ParamType(StrEnum):
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STR = "str"

    @property
    def ordered(self) -> bool:
        return self in (ParamType.INT, ParamType.FLOAT)

    def accepts(self, value: object) -> TypeGuard[ParamValue]:
        """Whether a value read from TOML is of this type; a whole number will do for a float."""
        match self:
            case ParamType.BOOL:
                return isinstance(value, bool)
            case ParamType.INT:
                return isinstance(value, int) and not isinstance(value, bool)
            case ParamType.FLOAT:
                return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
            case ParamType.STR:
                return isinstance(value, str)

    def cast(self, value: ParamValue) -> ParamValue:
        return float(value) if self is ParamType.FLOAT else value


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a strategy. ``minimum`` and ``maximum`` are allowed values themselves."""

    name: str
    type: ParamType
    default: ParamValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[ParamValue, ...] = ()
    description: str = ""

    def objection_to(self, value: object) -> str | None:
        """What is wrong with ``value`` for this parameter, or None when nothing is."""
        if not self.type.accepts(value):
            return f"{value!r} is not of type {self.type}"
        if self.choices and value not in self.choices:
            return f"{value!r} is none of {', '.join(map(repr, self.choices))}"
        if isinstance(value, str):
            return None
        if self.minimum is not None and value < self.minimum:
            return f"{value!r} is below the minimum {self.minimum!r}"
        if self.maximum is not None and value > self.maximum:
            return f"{value!r} is above the maximum {self.maximum!r}"
        return None
