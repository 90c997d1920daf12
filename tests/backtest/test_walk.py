"""The gate: on every session of random worlds a backtest plans what live would plan of the whole situation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.backtest.worlds import World, world
from tradebot.backtest.account import BookedFill, Held, Moment
from tradebot.backtest.bars import in_dollars
from tradebot.backtest.setup import DayPlan
from tradebot.backtest.walk import Walk
from tradebot.core.model.account import Position
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.plan import Plan, Situation
from tradebot.core.planning.entries import plan

#: Seeds of the gate in the suite, and with --long.
SEEDS, MANY = (*range(30), 50, 61, 81), range(300)
#: What the worlds of the suite have to meet.
MET = (
    "daily_loss halt",
    "drawdown halt",
    "closed by drawdown",
    "repeated orders halt",
    "limit breach halt",
    "split held",
    "dividend held",
    "delisting held",
    "stop at the open",
    "stop and target in one bar",
    "partial fill by volume",
    "stop raised",
)


def whole(walk: Walk, day: DayPlan) -> Situation:
    """The situation of a plan with everything that live would read beside it."""
    row = walk.bars.sessions.index(day.situation.today)
    marks = walk.bars.open_mark[row]
    held = list(walk.account.held.values())
    holdings = tuple(each.holding.with_stop(in_dollars(int(day.stops[each.column]))) for each in held)
    quotes = {each.holding.symbol: walk.inputs.quote(row, each.column, marks) for each in held}
    return replace(
        day.situation,
        holdings=holdings,
        positions=tuple(
            Position(h.symbol, h.quantity, h.entry_price, in_dollars(int(marks[each.column])))
            for each, h in zip(held, holdings, strict=True)
        ),
        open_orders=tuple(leg for each in held for leg in _legs(each, day)),
        quotes={**{symbol: quote for symbol, quote in quotes.items() if quote}, **day.situation.quotes},
    )


def _legs(held: Held, day: DayPlan) -> Iterator[BrokerOrder]:
    holding = held.holding
    for role, stop, limit in (
        (Purpose.STOP, holding.stop_price, None),
        (Purpose.TARGET, None, holding.target_price if held.target_rests else None),
    ):
        if stop or limit:
            yield BrokerOrder(
                broker_order_id=f"{holding.symbol} {role}",
                client_order_id=f"{holding.symbol} {role}",
                symbol=holding.symbol,
                side=Side.SELL,
                quantity=holding.quantity,
                filled_quantity=holding.quantity * 0,
                type=OrderType.STOP if stop else OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                state=OrderState.ACCEPTED,
                submitted_at=day.situation.now,
                stop_price=stop,
                limit_price=limit,
                parent_id=f"{holding.symbol} entry",
                role=role,
            )


def as_decided(day: DayPlan) -> tuple[list[object], list[object]]:
    entries: list[object] = []
    denials: list[object] = []
    for each in day.decisions:
        of = each.signal.strategy, each.signal.symbol
        denials += [(*of, said.code, said.value, said.limit, said.sentence()) for said in each.objections]
        if each.terms is not None:
            entries.append((*of, each.terms.size.quantity, each.terms.stop, each.terms.target))
    return entries, denials


def as_planned(planned: Plan) -> tuple[list[object], list[object]]:
    entries: list[object] = [
        (each.strategy, each.symbol, each.request.quantity, each.request.stop_loss, each.request.take_profit)
        for each in planned.entries
    ]
    denials: list[object] = [
        (each.strategy, each.symbol, each.code, each.value, each.limit, each.message)
        for each in planned.denials
        if each.purpose is Purpose.ENTRY
    ]
    return entries, denials


def walked(drawn: World) -> tuple[Walk, int]:
    """The walk of a world, each of whose plans is compared, and how many there were."""
    walk, compared = drawn.walk(), 0

    def compare(day: DayPlan) -> None:
        nonlocal compared
        compared += 1
        assert as_decided(day) == as_planned(plan(whole(walk, day))), day.situation.today

    walk.on_plan = compare
    walk.run()
    return walk, compared


def test_a_backtest_plans_what_live_plans(request: pytest.FixtureRequest) -> None:
    seeds = MANY if request.config.getoption("--long") else SEEDS
    met: Counter[str] = Counter()
    codes: set[str] = set()
    plans = 0
    for seed in seeds:
        walk, compared = walked(world(seed))
        met.update(walk.counts)
        codes |= {denied.code.value for denied in walk.denied}
        plans += compared
    assert plans > 40 * len(seeds)
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
