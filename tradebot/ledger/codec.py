"""Conversion of values to columns and back.

Money, prices and quantities are stored as canonical decimal TEXT, instants as ISO-8601 UTC TEXT of one length (the
text sorts by time), dates as YYYY-MM-DD, enums as their value, booleans as 0 and 1, exit policies as canonical JSON.
A column has the name of its field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from json.encoder import encode_basestring_ascii
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from tradebot.core.model.account import Position
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.texts import encodable
from tradebot.core.model.values import canonical
from tradebot.ledger.engine import Row, Value

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

#: Columns of the fields whose names are keywords of SQL.
_RENAMED = {"limit": "limit_value"}
_KEPT_NUMBERS = 20_000


def columns_of(value: DataclassInstance, without: Collection[str] = ()) -> dict[str, Value]:
    """The fields of a dataclass as columns, save those named in ``without``."""
    return {
        column: _CONVERTERS[type(field := getattr(value, name))](field)
        for name, column in _columns(type(value))
        if name not in without
    }


def names_of(kind: type[DataclassInstance], without: Collection[str] = ()) -> tuple[str, ...]:
    """The columns of a dataclass, save those of the fields named in ``without``."""
    return tuple(column for name, column in _columns(kind) if name not in without)


def value_from(kind: type[T], row: Row, **given: object) -> T:
    """A value of the dataclass ``kind`` from the columns of a row. ``given``: fields that the row has no column for."""
    values = {
        name: None if (stored := row[column]) is None else decode(stored)
        for name, column, decode in _plan(kind, frozenset(given))
    }
    return kind(**values, **given)


#: Fields of a position that the broker alone knows, and that are read anew each time.
NOT_STORED_OF_POSITIONS = ("asset_id", "previous_close", "held_for_sells")


def position_from(row: Row) -> Position:
    """A stored position."""
    return value_from(Position, row, **dict.fromkeys(NOT_STORED_OF_POSITIONS))


def to_column(value: object) -> Value:
    """A field as a column. Raises TypeError for types that no column holds exactly, such as float."""
    return _CONVERTERS[type(value)](value)


class Numbers(dict[str, Decimal]):
    """Numbers by their text, for rows that are read in masses: quantities, fees and prices repeat."""

    def __missing__(self, text: str) -> Decimal:
        """The number of a text that was not met before. A bounded count is kept."""
        number = Decimal(text)
        if len(self) < _KEPT_NUMBERS:
            self[text] = number
        return number


def stamp(moment: datetime) -> str:
    """An aware instant as text in UTC with microseconds: ``2007-01-03T14:35:00.000000Z``. Naive: raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"the ledger stores aware instants only, not {moment}")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


#: The canonical JSON of a text.
quoted = encode_basestring_ascii


def canonical_json(content: Mapping[str, object] | Collection[object]) -> str:
    """The canonical JSON of a mapping or list: keys sorted, no spaces, ASCII, values as their columns hold them."""
    return _ENCODER.encode(content)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=to_column, allow_nan=False)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"the ledger stores finite numbers only, not {value}")
    return canonical(value)


@cache
def _columns(kind: type[DataclassInstance]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, _RENAMED.get(field.name, field.name)) for field in fields(kind))


@cache
def _plan(kind: type[DataclassInstance], given: frozenset[str]) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(kind)
    return tuple((name, column, _decoder(hints[name])) for name, column in _columns(kind) if name not in given)


def _decoder(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) is UnionType:
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if hint is ExitPolicy:
        return _policy
    if hint in _DECODERS:
        return _DECODERS[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    raise TypeError(f"the ledger has no column for a {hint}")


def _refuse(value: object) -> Value:
    raise TypeError(f"the ledger cannot store a {type(value).__name__}: {value!r}")


class _Converters(dict[type, Callable[[Any], Value]]):
    """Conversions by type, a subclass before its base. That of a derived type is looked for once."""

    def __missing__(self, kind: type) -> Callable[[Any], Value]:
        self[kind] = next((convert for base, convert in self.items() if issubclass(kind, base)), _refuse)
        return self[kind]


_CONVERTERS = _Converters(
    {
        NoneType: lambda _: None,
        str: lambda text: encodable(str(text)),
        Decimal: _number,
        datetime: stamp,
        date: date.isoformat,
        int: int,
        ExitPolicy: lambda policy: canonical_json({name: value for name, value in columns_of(policy).items() if value}),
    }
)


def _policy(text: str) -> ExitPolicy:
    """A policy, of which what it does not ask for need not be told."""
    return value_from(ExitPolicy, {**dict.fromkeys(names_of(ExitPolicy)), "use_default_target": 0, **json.loads(text)})


_DECODERS: dict[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    bool: bool,
    int: int,
    str: str,
}
