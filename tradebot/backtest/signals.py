"""The signals of strategies over a whole history, by the session that they are acted on in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
        self._entries: dict[int, list[tuple[int, list[int], list[float]]]] = {}  # by row: strategy, columns, scores
        for number, table in enumerate(self.tables):
            rows, columns = np.nonzero(table.entry)
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            ends = np.append(starts[1:], len(rows))
            scores = table.score[rows, columns]
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True) if len(rows) else ():
                of_row = number, columns[start:end].tolist(), scores[start:end].tolist()
                self._entries.setdefault(int(rows[start]), []).append(of_row)

    def entering(self, row: int, as_of: date) -> list[tuple[int, Signal]]:
        """The entry signals of a row, each with its column."""
        symbols, found = self._symbols, []
        for number, columns, scores in self._entries.get(row, ()):
            table = self.tables[number]
            of = table.fingerprint, table.risk_pct
            for column, score in zip(columns, scores, strict=True):
                policy = table.policy_of(row, column)
                signal = Signal(table.strategy, symbols[column], as_of, Action.ENTER, score, policy, "", *of)
                found.append((column, signal))
        return found
