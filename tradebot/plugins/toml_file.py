"""Reading of a TOML file that a person writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tradebot.errors import ConfigError, Problem


def read_toml(path: Path, missing: Problem | None = None) -> Mapping[str, object]:
    """The content of a TOML file, with or without a byte order mark; nothing for a file that does not exist.

    missing: raised instead, where there must be a file.

    Raises ConfigError for a file that is no regular one, cannot be read, or is not TOML.
    """
    try:
        if not path.exists():
            if missing is not None:
                raise ConfigError([missing])
            return {}
        if not path.is_file():  # to open a pipe would wait for its writer
            raise ConfigError([Problem(str(path), "is no regular file", "Put a TOML file there, or nothing.")])
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        fix = "Make the file readable."
        raise ConfigError([Problem(str(path), f"cannot be read ({error.strerror or error})", fix)]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), "is not UTF-8 text", "Save it as UTF-8.")]) from None
    except ValueError as error:  # a TOMLDecodeError, with line and column, or a number of too many digits
        raise ConfigError([Problem(str(path), f"is not TOML: {error}", "Mend that line.")]) from None
    except RecursionError:
        raise ConfigError([Problem(str(path), "is nested too deeply", "Write one table a strategy.")]) from None
