"""JSON Schemas of what commands print with --json, made from the types of their fields.

They follow ``json_output.plain``: a Decimal is a string, so that no reader rounds money; a time is ISO 8601; a missing
value is null.
"""

from __future__ import annotations

import inspect
import types
from collections import abc
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, is_typeddict

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.halts import Halt
from tradebot.core.results.outcomes import Outcome
from tradebot.reports.field_types import field_types, types_of

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: Schema = {
    "type": "string",
    "pattern": r"^-?\d+(\.\d+)?$",
    "description": "a decimal number: nothing rounds it",
}
_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    Decimal: _NUMBER,
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    Path: {"type": "string"},
    types.NoneType: {"type": "null"},
    object: {},
    Any: {},
}
_CODES: Schema = {
    "exit_code": {"type": "integer", "description": "the exit code of the process"},
    "exit_codes": {
        "type": "array",
        "items": {"type": "integer"},
        "description": "every code that applies, the first first",
    },
}
_LOCATION = ("home", "broker", "mode", "account_id", "database", "logs")
#: The fields of an outcome that come first, or whose place ``_CODES`` takes.
_LEAD = ("job", "session", "status", "codes", "headline")
#: What ``json_output`` adds to the fields of a class.
_DERIVED: dict[type, dict[str, Any]] = {
    Halt: {"holds": str, "commands": tuple[str, ...]},
    Totals: {
        "pnl": Decimal, "win_rate": Decimal | None, "profit_factor": Decimal | None, "average": Decimal | None,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """The object of a command that ran. A job has an outcome; the others have fields of their own.

    more: the types of further fields. optional: of those that are there with some options only.
    """

    outcome: type[Outcome] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    optional: Mapping[str, Any] = field(default_factory=dict)
    has_location: bool | None = True  # home, broker, account and files; None: with some options only


def command_schema(command: str, shape: Shape) -> Schema:
    """The schema of a command's object where it did not fail."""
    types_by_name = _Types()
    location = {} if shape.has_location is False else dict.fromkeys(_LOCATION, _SIMPLE[str])
    if shape.outcome is not None:
        properties = types_by_name.outcome(shape.outcome, location)
        properties["job"] = {"const": command}
    else:
        properties = {"job": {"const": command}, "status": {"const": "ran"}, **_CODES, **location}
    properties |= {name: types_by_name.of(hint) for name, hint in {**shape.more, **shape.optional}.items()}
    left_out = {*shape.optional, *(location if shape.has_location is None else ())}
    return _file(f"tradebot {command} --json", properties, left_out, types_by_name.defs)


def failure_schema() -> Schema:
    """The schema of the object of any command that failed."""
    types_by_name = _Types()
    text = _SIMPLE[str]
    problem = {"type": "object", "properties": {"where": text, "what": text, "fix": text}}
    properties = {
        "job": text,
        "status": {"const": "failed"},
        **_CODES,
        "error": text,
        "problems": {"type": "array", "items": problem},
        "notes": {"type": "array", "items": text},
        "log": {"type": ["string", "null"]},
    }
    title = "tradebot COMMAND --json, where it failed"
    return _file(title, properties, {"problems", "notes", "log"}, types_by_name.defs)


def idle_schema() -> Schema:
    """The schema of the object of a job that a scheduler started when it was not due."""
    properties = {"job": _SIMPLE[str], "status": {"const": "idle"}, **_CODES, "headline": _SIMPLE[str]}
    return _file("tradebot JOB --scheduled --json, where it was not due", properties, set(), {})


def _file(title: str, properties: Schema, optional: set[str], defs: Schema) -> Schema:
    found = _object(properties, optional)
    return {"$schema": _DIALECT, "title": title, **found, **({"$defs": dict(sorted(defs.items()))} if defs else {})}


def _object(properties: Schema, optional: abc.Collection[str] = ()) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


class _Types:
    """Schemas of types. ``defs``: those of classes, by name, to which the others refer."""

    def __init__(self) -> None:
        self.defs: Schema = {}

    def of(self, hint: Any) -> Schema:
        """The schema of a type. Raises TypeError for one without a form in JSON."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin is Literal:
            return {"enum": list(arguments)}
        if is_dataclass(origin or hint) or is_typeddict(hint):
            return self._class(hint)
        if origin is not None:
            return self._collection(origin, arguments)
        if inspect.isclass(hint) and issubclass(hint, Enum):
            return {"enum": [member.value for member in hint]}
        if hint in _SIMPLE:
            return _SIMPLE[hint]
        raise TypeError(f"{hint} has no form in JSON")

    def outcome(self, kind: Any, location: Schema) -> Schema:
        """The properties of an outcome, with the place where it acted after the lead."""
        hints = dict(field_types(kind))
        lead = {name: self.of(hints[name]) for name in ("job", "session", "status")}
        rest = {name: self.of(hint) for name, hint in hints.items() if name not in _LEAD}
        return {**lead, **_CODES, "headline": _SIMPLE[str], **location, **rest}

    def _class(self, kind: Any) -> Schema:
        origin = get_origin(kind) or kind
        name = "".join((origin.__name__, *(each.__name__ for each in get_args(kind))))
        if name not in self.defs:
            self.defs[name] = {}  # a class may hold itself
            if issubclass(origin, Outcome):
                properties = self.outcome(kind, {})
            else:
                fields = types_of(kind) if is_typeddict(kind) else field_types(kind)
                hints = {**fields, **_DERIVED.get(origin, {})}
                properties = {each: self.of(hint) for each, hint in hints.items()}
            about = (inspect.getdoc(origin) or "").partition("\n\n")[0].replace("\n", " ")
            self.defs[name] = {"description": about, **_object(properties)}
        return {"$ref": f"#/$defs/{name}"}

    def _collection(self, origin: Any, arguments: tuple[Any, ...]) -> Schema:
        if origin is tuple and arguments[-1:] != (...,):
            items = [self.of(each) for each in arguments]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        if issubclass(origin, abc.Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if issubclass(origin, abc.Collection):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"{origin} has no form in JSON")
