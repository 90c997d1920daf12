"""Reading of a TOML file that a person writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tradebot.errors import ConfigError, Problem

MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TomlFile:
    """The content of a TOML file."""

    text: str = ""
    tables: Mapping[str, object] = field(default_factory=dict)


def read_toml(path: Path, missing: Problem | None = None) -> TomlFile:
    """The content of a TOML file, with or without a byte order mark; nothing for a file that does not exist.

    missing: raised instead, where there must be a file.

    Raises ConfigError for a file that is no regular one, cannot be read, or is not TOML.
    """
    try:
        if not path.exists() and not path.is_symlink():
            if missing is not None:
                raise ConfigError([missing])
            return TomlFile()
        if not path.exists():
            fix = "Mend or remove the link; without the file its values would be the defaults."
            raise ConfigError([Problem(str(path), "is a link to nowhere", fix)])
        if not path.is_file():  # to open a pipe would wait for its writer
            raise ConfigError([Problem(str(path), "is no regular file", "Put a TOML file there, or nothing.")])
        text = path.read_text(encoding="utf-8-sig")
        return TomlFile(text, tomllib.loads(text))
    except OSError as error:
        fix = "Make the file readable."
        raise ConfigError([Problem(str(path), f"cannot be read ({error.strerror or error})", fix)]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), "is not UTF-8 text", "Save it as UTF-8.")]) from None
    except ValueError as error:  # a TOMLDecodeError, with line and column, or a number of too many digits
        raise ConfigError([Problem(str(path), f"is not TOML: {error}", "Mend that line.")]) from None
    except RecursionError:
        raise ConfigError([Problem(str(path), "is nested too deeply", "Write one table a strategy.")]) from None


def shown(value: object) -> str:
    """A value of a TOML file for a message: as Python writes it, cut to a length."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no number of more than 4300 digits
        return "a number of too many digits"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
