"""The gate: on every session of random worlds a backtest plans what live would plan of the whole situation."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.backtest.plan_gate import MET, compared
from tests.backtest.worlds import world
from tradebot.backtest.account import BookedFill, Moment

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
