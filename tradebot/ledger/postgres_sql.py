"""Translates the ledger's SQL for psycopg: ``:name`` becomes ``%(name)s``, and a ``%`` that is none is doubled."""

from __future__ import annotations

import re
from functools import lru_cache

#: What may stand in a statement. Only a parameter and ``%`` are written in another way.
_PARTS = re.compile(
    r"""
    (?P<kept> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | :: )
    | :(?P<name> [A-Za-z_]\w* )
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=1024)
def translated(sql: str) -> str:
    """The statement as psycopg takes it together with parameters.

    Texts in quotes, comments and casts (``::``) stay as they are, but that psycopg reads each ``%`` as its own.
    """
    return _PARTS.sub(_written, sql.replace("%", "%%"))


def _written(part: re.Match[str]) -> str:
    return part["kept"] if part["name"] is None else f"%({part['name']})s"
