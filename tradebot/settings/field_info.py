"""What a field of the model is besides a field: a setting with its kind and meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from tradebot.settings.field_types import FieldType


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What a field knows beside its type and default. ``process_only`` settings cannot stand in a `.env`."""

    kind: FieldType[Any]
    meaning: str
    process_only: bool = False


T = TypeVar("T")


def setting(default: T, kind: FieldType[Any], meaning: str, *, process_only: bool = False) -> T:
    """A field of the model, with its default. It says T because a dataclass turns it into one."""
    made: T = field(default=default, metadata={"setting": FieldInfo(kind, meaning, process_only)})
    return made
