"""Sets values in the text of a parameters.toml. Comments, order and everything else in it stay as they are."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.parameter_file import value_lines
from tradebot.strategy_api import ParamValue

#: A line with a value: what stands before it, the value, and what stands behind it.
_VALUE = re.compile(r"""([^=]*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#]+)(.*)""", re.DOTALL)


def with_values(text: str, values: Mapping[str, Mapping[str, ParamValue]], where: str) -> str:
    """The text with these values, by strategy and parameter. ``where``: the file, for messages.

    Raises ConfigError where the text has them in an unusual way, such as an inline table.
    """
    wanted = tomllib.loads(text)
    for strategy, table in values.items():
        wanted[strategy] = {**wanted.get(strategy, {}), **table}
        for parameter, value in table.items():
            text = _with_value(text, strategy, parameter, _literal(value))
    try:
        is_right = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        listed = ", ".join(f"{name}.{key} = {_literal(each)}" for name, table in values.items()
                           for key, each in table.items())  # fmt: skip
        fix = f"Write one [strategy] a table and one value a line, or set it by hand: {listed}."
        raise ConfigError([Problem(where, "is written in a way in which no value can be set", fix)])
    return text


def _with_value(text: str, strategy: str, parameter: str, literal: str) -> str:
    lines, places = text.split("\n"), value_lines(text)
    at = places.get((strategy, parameter))
    if at is not None:
        found = _VALUE.fullmatch(lines[at - 1])
        lines[at - 1] = f"{found[1]}{literal}{found[3]}" if found else lines[at - 1]
    elif (strategy, "") in places:
        last = max(line for (table, _), line in places.items() if table == strategy)
        lines.insert(last, f"{parameter} = {literal}")
    else:
        while lines and not lines[-1].strip():
            lines.pop()
        lines += [*([""] if lines else []), f"[{strategy}]", f"{parameter} = {literal}", ""]
    return "\n".join(lines)


def _literal(value: ParamValue) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
