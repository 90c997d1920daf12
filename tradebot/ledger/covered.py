"""Which histories a verification covers: those of all accounts, save what could not be proved when it was replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.row_keys import histories


@dataclass(frozen=True)
class Covered:
    """The row keys of the histories that are verified."""

    keys: tuple[str, ...]

    @classmethod
    def by(cls, engine: Engine, only: Iterable[str] | None = None) -> Covered:
        """Those of a ledger; ``only`` of these where they are given."""
        given = None if only is None else set(only)
        without = _unproved(engine)
        keys = sorted(key for key, history in histories(engine).items() if history not in without)
        return cls(tuple(key for key in keys if given is None or key in given))

    @cached_property
    def _values(self) -> dict[str, Value]:
        return {f"covered_{number}": key for number, key in enumerate(self.keys)}

    def each(self, engine: Engine, select: str, order: str) -> Iterator[Row]:
        """The rows of the histories. ``select`` ends before the condition on ``account_key``."""
        return engine.each(f"{select} {self._condition} ORDER BY {order}", self._values)

    def tuples(self, engine: Engine, select: str, order: str) -> Iterator[tuple[Any, ...]]:
        """The rows of the histories as tuples."""
        return engine.tuples(f"{select} {self._condition} ORDER BY {order}", **self._values)

    @property
    def _condition(self) -> str:
        return f"IN ({', '.join(f':{name}' for name in self._values) or 'NULL'})"


def _unproved(engine: Engine) -> frozenset[str]:
    """The keys of the histories that could not be proved when they were replaced."""
    rows = engine.all("SELECT replaces FROM generations WHERE replaced_sound = 0")
    return frozenset(row["replaces"] for row in rows)
