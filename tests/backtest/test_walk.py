"""The gate: on every session of random worlds a backtest plans what live would plan of the whole situation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.backtest.plan_gate import MET, compared
from tests.backtest.worlds import world
from tradebot.backtest.account import BookedFill, Moment
from tradebot.backtest.account_at_open import AccountAtOpen, OpenHolding
from tradebot.backtest.walk import Walk
from tradebot.core.model.orders import Side
from tradebot.core.model.repetition import EntryKey, Repetition

#: Seeds of the gate in the suite, and with --long. scripts/check_backtest_plans.py prints what the worlds met.
SEEDS, MANY = (*range(30), 50, 61, 81), range(300)


def test_a_backtest_plans_what_live_plans(request: pytest.FixtureRequest) -> None:
    seeds = MANY if request.config.getoption("--long") else SEEDS
    met: Counter[str] = Counter()
    codes: set[str] = set()
    plans = exits = 0
    for seed in seeds:
        found = compared(world(seed))
        met.update(found.walk.counts)
        codes |= found.codes
        plans, exits = plans + found.plans, exits + found.exits
    assert plans > 40 * len(seeds) and exits > 4 * len(seeds)
    assert {name: met[name] for name in MET if not met[name]} == {}
    assert len(codes) >= 18, codes


def test_cash_and_shares_add_up_whatever_happens() -> None:
    walk = world(3).walk()
    walk.run()
    assert len(walk.equity) == len(walk.rows)
    for held in walk.account.held.values():
        assert walk.account.shares[held.column] == held.holding.quantity
    fills = [each for each in walk.account.booked if isinstance(each, BookedFill)]
    assert {each.moment for each in fills} >= {Moment.ENTRY, Moment.RANGE}


def opening_of(walk: Walk, row: int) -> AccountAtOpen:
    """The account of a walk before the session of ``row``."""
    held = [
        OpenHolding(replace(each.holding, sessions_held=row - each.opened_row), each.target_rests)
        for each in walk.account.held.values()
    ]
    entered = {
        EntryKey(*key, Side.BUY): Repetition(len(rows), rows[-1] - rows[0] + 1) for key, rows in walk._entered.items()
    }
    served = {table.strategy: count for table, count in zip(walk.signals.tables, walk._served, strict=True)}
    return AccountAtOpen(walk.inputs.base, walk.inputs.peak, tuple(held), tuple(walk._halts), entered, served)


def test_a_session_begun_from_the_account_as_it_opened_is_that_of_the_whole_walk() -> None:
    sessions = 0
    for seed in (0, 3, 7, 50, 61):
        walk = world(seed).walk()
        for row in walk.rows:
            setup = replace(walk.setup, cash=walk.account.cash, opening=opening_of(walk, row))
            day = walk.bars.sessions[row]
            single = Walk(walk.bars, walk.signals, replace(setup, first=day, last=day))
            before = len(walk.account.booked), len(walk.denied)
            walk.step(row)
            single.run()
            assert single.account.booked == walk.account.booked[before[0] :]
            assert single.denied == walk.denied[before[1] :]
            assert (single.account.cash, single.equity[-1]) == (walk.account.cash, walk.equity[-1])
            assert single.account.stops.tolist() == walk.account.stops.tolist()
            sessions += 1
    assert sessions > 300
