"""Paths as people write them, and the field type of the settings that hold one.

`~` is the user's folder. `$NAME`, `${NAME}` and `%NAME%` are refused, because nothing replaces them: a shell replaces
variables before tradebot sees an option; a `.env`, a crontab and a unit file have no shell. Every setting and every
option that takes a path is read here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tradebot.settings.field_types import FieldType, InvalidValue, shorten

_VARIABLE = re.compile(r"\$[A-Za-z_]\w*|\$\{[^}]*\}|%[A-Za-z_][\w()]*%")


def read_path(text: str) -> Path:
    """The path that a text means. Raises InvalidValue for one that holds a variable, or whose `~` is unknown.

    A `$` that begins no name is one of the path, as in the Windows share ``\\\\nas\\backup$\\tradebot``.
    """
    if variable := _VARIABLE.search(text):
        raise InvalidValue(
            f"{shorten(text)!r} holds {shorten(variable[0])}, and nothing here replaces variables",
            "Write the path out; `~` stands for your own folder.",
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InvalidValue(
            f"{shorten(text)!r} begins with a folder of a user that this system does not know",
            "Write the path without `~`.",
        ) from error


def read_typed_path(text: str) -> Path:
    """``read_path`` for a path that is typed or handed to the process: one that exists letter by letter is meant so."""
    return Path(text) if os.path.exists(text) else read_path(text)  # noqa: PTH110 - it never raises


@dataclass(frozen=True)
class FilePath(FieldType[Path]):
    """The path of a file or folder, which need not exist."""

    noun: str
    base: str = "the home"  # the folder that a relative path counts from; "" allows absolute paths only

    def _accepts(self) -> str:
        return f"{self.noun}; {f'relative to {self.base}' if self.base else 'absolute'}"

    def _parse(self, text: str) -> Path:
        return read_path(text)

    def _check(self, value: Path) -> None:
        if not self.base and not value.is_absolute():
            raise InvalidValue(f"{shorten(str(value))!r} is a relative path", "Write an absolute path.")
