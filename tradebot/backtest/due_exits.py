"""Which holdings of a backtest may have to be closed in a session: by a signal, their age, or a trailing stop.

They are candidates: the functions of core decide. Ages are kept by the session from which they are due, so that a
session looks at those alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tradebot.backtest.account import Account, Held
from tradebot.backtest.bars import Bars, Steps, in_dollars
from tradebot.backtest.signals import SignalTable
from tradebot.core.model.holdings import Holding
from tradebot.core.model.signals import Action, Signal
from tradebot.core.planning.exit_rules import due_exit

#: A holding by its column, as it was before the marks of the session.
Candidate = tuple[int, Holding]


class DueExits:
    """The holdings of an account that are due, by session."""

    def __init__(self, bars: Bars, account: Account, tables: Sequence[SignalTable]) -> None:
        self._bars, self._account, self._tables = bars, account, tables
        self._aged: dict[int, list[int]] = {}  # columns by the row from which their age is due

    def expect(self, held: Held, *, not_before: int) -> None:
        """Note from which row on the age of a holding is due, ``not_before`` at the earliest."""
        longest = held.holding.policy.max_sessions
        if longest is not None:
            due = max(not_before, held.opened_row + max(longest, 1))
            self._aged.setdefault(due, []).append(held.column)

    def of_session(self, row: int, marked: Mapping[int, Holding], marks: Steps) -> list[Candidate]:
        """The holdings that a signal, their age or a trailing stop may close, by symbol.

        marked: those that trail, by column, as they were before these marks.
        """
        columns = {
            column
            for number, table in enumerate(self._tables)
            for column in np.flatnonzero(table.exit[row - 1] & (self._account.owner == number)).tolist()
        }
        aged = [column for column in self._aged.pop(row, ()) if self._is_aged(column, row)]
        if aged:
            self._aged.setdefault(row + 1, []).extend(aged)  # in case it cannot be closed today
        columns.update(aged)
        columns.update(column for column, _ in self.trailing(marked, marks))
        held = ((column, marked.get(column) or self._account.held[column].holding) for column in columns)
        return sorted(held, key=lambda each: each[1].symbol)

    def trailing(self, marked: Mapping[int, Holding], marks: Steps) -> list[Candidate]:
        """The holdings of ``marked`` that their stop closes at these prices."""
        return [
            (column, before)
            for column, before in marked.items()
            if column in self._account.held and due_exit(before, None, in_dollars(int(marks[column]))) is not None
        ]

    def with_age(self, holding: Holding, column: int, row: int) -> Holding:
        """The holding with the sessions that it was held, where its policy counts them."""
        if holding.policy.max_sessions is None:
            return holding
        return replace(holding, sessions_held=row - self._account.held[column].opened_row)

    def signals(self, row: int, due: Iterable[Candidate]) -> tuple[Signal, ...]:
        """The signals to exit of these holdings, based on the session before."""
        as_of = self._bars.sessions[row - 1]
        return tuple(
            Signal(holding.strategy, holding.symbol, as_of, Action.EXIT, 0.0, holding.policy, "")
            for column, holding in due
            if (number := self._account.held[column].strategy) >= 0 and self._tables[number].exit[row - 1, column]
        )

    def _is_aged(self, column: int, row: int) -> bool:
        held = self._account.held.get(column)
        limit = held.holding.policy.max_sessions if held else None
        return held is not None and limit is not None and row - held.opened_row >= limit
