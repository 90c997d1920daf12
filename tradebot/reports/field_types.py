"""The types of the fields of outcomes, for what is generated from them."""

from __future__ import annotations

import importlib
import pkgutil
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from types import MappingProxyType
from typing import Any

import tradebot.core
from tradebot.reports.run_header import RunHeader


@cache
def _names() -> Mapping[str, Any]:
    """The names that a module may import for type checking alone: those of core, and RunHeader."""
    names: dict[str, Any] = {"RunHeader": RunHeader}
    for module in pkgutil.walk_packages(tradebot.core.__path__, f"{tradebot.core.__name__}."):
        names.update(vars(importlib.import_module(module.name)))
    return MappingProxyType(names)


def types_of(subject: Callable[..., Any] | type) -> dict[str, Any]:
    """The types of a class's fields or a function's parameters, and its ``return``, by name."""
    try:
        return typing.get_type_hints(subject)
    except NameError:  # of a name that is imported for type checking alone
        own = getattr(subject, "__globals__", {})
        return typing.get_type_hints(subject, {**_names(), **own} if own else None, dict(_names()))


@cache
def field_types(kind: Any) -> Mapping[str, Any]:
    """The type of each field of a dataclass, in order; of a generic one, such as ``Listing[Trade]``, as given."""
    origin = typing.get_origin(kind) or kind
    given: dict[Any, Any] = {}
    for generic in (kind, *getattr(origin, "__orig_bases__", ())):
        given.update(
            zip(getattr(typing.get_origin(generic), "__parameters__", ()), typing.get_args(generic), strict=False)
        )
    hints = types_of(origin)
    return MappingProxyType({field.name: _filled(hints[field.name], given) for field in fields(origin)})


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """A type with the given types in the places of its variables."""
    if hint in given:
        return given[hint]
    variables = getattr(hint, "__parameters__", ())
    return hint[tuple(given[variable] for variable in variables)] if variables and given else hint
