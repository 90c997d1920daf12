"""Which holdings of a backtest are looked at for an exit: by a signal of their own strategy, their age, or a stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.backtest.worlds import world
from tradebot.backtest.account import Account, Held
from tradebot.backtest.bars import Bars, in_steps
from tradebot.backtest.due_exits import DueExits
from tradebot.core.model.holdings import Holding
from tradebot.core.model.signals import ExitPolicy
from tradebot.market.matching import FillRules

D = Decimal
WORLD = world(0)
BARS, TABLES = WORLD.bars, WORLD.signals.tables
ROW = 5


def held(column: int, policy: ExitPolicy, number: int = 0, opened_row: int = ROW) -> Held:
    symbol = BARS.symbols[column]
    holding = Holding(TABLES[number].strategy, symbol, D(10), D(50), D(48), None, D(50), policy, date(2007, 1, 3))
    return Held(column, number, holding, opened_row, D(0))


def due_of(*holdings: Held, not_before: int = 0) -> DueExits:
    account = Account(BARS, D(100_000), FillRules())
    due = DueExits(BARS, account, TABLES)
    for each in holdings:
        account.hold(each)
        due.expect(each, not_before=not_before)
    return due


def columns_of(due: DueExits, row: int, bars: Bars = BARS) -> list[int]:
    """The columns that are due, without those that a signal closes."""
    marks = bars.open_mark[row]
    found = due.of_session(row, {}, marks)
    return [column for column, _ in found if not any(table.exit[row - 1, column] for table in TABLES)]


def test_a_holding_is_due_from_its_age_on_until_it_is_closed() -> None:
    due = due_of(held(0, ExitPolicy(max_sessions=3)))
    signalled = {row for row in range(ROW, ROW + 6) if any(table.exit[row - 1, 0] for table in TABLES)}
    found = [row for row in range(ROW, ROW + 6) if columns_of(due, row) == [0]]
    assert found == [row for row in (ROW + 3, ROW + 4, ROW + 5) if row not in signalled] != []


def test_an_age_that_passed_before_the_account_opened_is_due_at_once() -> None:
    due = due_of(held(0, ExitPolicy(max_sessions=1), opened_row=-20), not_before=ROW)
    assert 0 in [column for column, _ in due.of_session(ROW, {}, BARS.open_mark[ROW])]


def test_a_signal_closes_what_its_own_strategy_holds() -> None:
    row, column = next(
        (row + 1, column)
        for row in range(1, len(BARS.sessions) - 1)
        for column in range(len(BARS.symbols))
        if TABLES[0].exit[row, column] and not TABLES[1].exit[row, column]
    )
    marks = BARS.open_mark[row]
    (candidate,) = due_of(held(column, ExitPolicy())).of_session(row, {}, marks)
    assert candidate[0] == column
    assert [signal.symbol for signal in due_of(held(column, ExitPolicy())).signals(row, [candidate])] == [
        BARS.symbols[column]
    ]
    assert due_of(held(column, ExitPolicy(), number=1)).of_session(row, {}, marks) == []


def test_a_trailing_stop_that_was_not_raised_in_time_closes_at_its_price() -> None:
    policy = ExitPolicy(trail_trigger=D("0.02"), trail_offset=D("0.1"))
    each = held(0, policy)
    each.holding = replace(each.holding, high_water=D(60))  # so the stop belongs at 54, and rests at 48
    due, marks = due_of(each), BARS.open_mark[ROW].copy()
    marks[0] = in_steps(D("54.01"))
    assert due.trailing({0: each.holding}, marks) == []
    marks[0] = in_steps(D(54))
    assert due.trailing({0: each.holding}, marks) == [(0, each.holding)]
