"""Values of any type that a page or a JSON object is made of, as full, as empty and as odd as the type allows."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import abc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pandas as pd

from tradebot.errors import ExitCode
from tradebot.reports.field_types import field_types
from tradebot.reports.pages.auth import StoredSession
from tradebot.reports.run_header import RunHeader
from tradebot.runtime.homes import HomeContext
from tradebot.runtime.robinhood_auth import SessionStatus

#: What a broker, a strategy or a person may write: markup of several kinds, colours and jumps of a terminal, a bell.
HOSTILE = (
    "<script>alert(1)</script> [red]no markup[/red] \x1b[31m\x1b]0;title\x07 %s {0} \u202e\u2028 is said by somebody "
    "who needs more than one line of any page for it, and has "
    "a-word-of-more-than-sixty-letters-in-it-as-the-path-of-a-home-may-have"
)
HEADER = HomeContext(
    Path("/home/me/desk"), "paper", "paper", "PAPER-0001", Path("/home/me/l.db"), Path("/home/me/logs")
)
_BARS = {"symbol": ["AAPL"], "date": [pd.Timestamp("2007-01-03")], "close": [12.5]}
_VALUES: dict[Any, Any] = {
    int: 2007,
    float: -0.12345,
    Decimal: Decimal("-1234567.89"),
    date: date(2007, 1, 3),
    datetime: datetime(2007, 1, 3, 14, 35, tzinfo=UTC),
    timedelta: timedelta(hours=3),
    Path: Path("/home/me/a b"),
    object: "anything",
}
_SHORT = "<b>[red]X"  # where a symbol or a code stands
_LONG_NAME = "<b>[red]my_strategy_with_a_name_of_more_than_sixty_letters_second_try"


class Samples:
    """Makes values. ``full``: every optional value is there and every collection has two items; else neither."""

    def __init__(self, *, full: bool) -> None:
        self._full = full
        self._turns = count()

    def of(self, hint: Any, name: str = "") -> Any:
        """A value of a type, of the field ``name``."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._one_of(arguments, name)
        if origin is Literal:
            return self._next(arguments)
        if origin is typing.Annotated:
            return self.of(arguments[0], name)
        if dataclasses.is_dataclass(origin or hint):
            return (origin or hint)(**{name: self.of(kind, name) for name, kind in field_types(hint).items()})
        if origin is not None:
            return self._collection(origin, arguments, name)
        return self._plain(hint, name)

    def _one_of(self, arguments: tuple[Any, ...], name: str) -> Any:
        if not self._full and types.NoneType in arguments:
            return None
        return self.of(self._next([each for each in arguments if each is not types.NoneType]), name)

    def _next(self, choices: Any) -> Any:
        choices = list(choices)
        return choices[next(self._turns) % len(choices)]

    def _collection(self, origin: Any, arguments: tuple[Any, ...], name: str) -> Any:
        if origin is tuple and arguments[-1:] != (...,):
            return tuple(self.of(each, name) for each in arguments)
        if issubclass(origin, abc.Callable):  # type: ignore[arg-type]
            return lambda *_: self.of(arguments[-1])
        if issubclass(origin, abc.Mapping):
            return {self.of(arguments[0], "key"): self.of(arguments[1], name)} if self._full else {}
        items = [self.of(arguments[0], name) for _ in range(2)] if self._full else []
        return frozenset(items) if issubclass(origin, abc.Set) else tuple(items)

    def _plain(self, hint: Any, name: str) -> Any:
        if hint is RunHeader:
            return HEADER
        if hint is StoredSession:
            return self.of(SessionStatus, name)
        if hint is bool or hint is Any:
            return self._full
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._next(hint)
        if hint is str:
            return self._text(name)
        if name == "exit_code":
            return int(self._next(ExitCode))
        if hint is pd.DataFrame:
            return pd.DataFrame(_BARS if self._full else {name: [] for name in _BARS})
        return _VALUES[hint]

    def _text(self, name: str) -> str:
        if not self._full:
            return ""
        is_short = name in ("key", "symbol", "code", "rule", "scope_name") or name.endswith("_id")
        if name == "account":
            return "paper:paper:PAPER-0001"
        if name == "strategy":
            return _LONG_NAME
        return _SHORT if is_short else HOSTILE
