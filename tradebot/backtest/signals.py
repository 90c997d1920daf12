"""The signals of strategies over a whole history, by the session that they are acted on in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from tradebot.core.model.signals import Action, ExitPolicy, Signal

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SignalTable:
    """The signals of one strategy. A row is the session whose bar they are based on, a column a symbol of the bars.

    policies: of single entries, by row and column, where they are not ``policy``.
    """

    strategy: str
    fingerprint: str
    warmup: int  # sessions
    entry: Flags
    exit: Flags
    score: Numbers
    policy: ExitPolicy
    risk_pct: Decimal | None = None
    policies: Mapping[tuple[int, int], ExitPolicy] | None = None

    def policy_of(self, row: int, column: int) -> ExitPolicy:
        """The exit policy of an entry."""
        return self.policy if self.policies is None else self.policies.get((row, column), self.policy)


class SignalBook:
    """The signals of all strategies, in their order."""

    def __init__(self, tables: Sequence[SignalTable], symbols: Sequence[str]) -> None:
        self.tables = tuple(tables)
        self._symbols = tuple(symbols)
        self.entries: dict[int, list[tuple[int, list[int]]]] = {}  # by row: strategies and the columns they enter
        for number, table in enumerate(self.tables):
            rows, columns = np.nonzero(table.entry)
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            for row, of_row in (
                zip(rows[starts].tolist(), np.split(columns, starts[1:]), strict=True) if len(rows) else ()
            ):
                self.entries.setdefault(row, []).append((number, of_row.tolist()))

    def entering(self, row: int, as_of: object) -> list[tuple[int, Signal]]:
        """The entry signals of a row, each with its column."""
        return [
            (column, self._entry(self.tables[number], row, column, as_of))
            for number, columns in self.entries.get(row, ())
            for column in columns
        ]

    def _entry(self, table: SignalTable, row: int, column: int, as_of: object) -> Signal:
        return Signal(
            table.strategy,
            self._symbols[column],
            as_of,  # type: ignore[arg-type]
            Action.ENTER,
            float(table.score[row, column]),
            table.policy_of(row, column),
            "",
            table.fingerprint,
            table.risk_pct,
        )
