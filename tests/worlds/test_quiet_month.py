"""A quiet month: money comes and goes, a dividend, a split, half an entry, a stop that fills inside a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.long_form import long
from tests.worlds.coverage import PARTIAL
from tests.worlds.faults import Fault, FaultKind
from tests.worlds.market import Market
from tests.worlds.schedule import due, hours_of
from tests.worlds.ways import WAYS
from tests.worlds.world import ByHand, Day, Deed, Run, Script, Step, World
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.schedule import CHECK_EXITS_EVERY, Job
from tradebot.core.model.signals import ExitPolicy

#: From 2005-02-07, MSFT pays on the 15th and AAPL splits on the 28th, the fifteenth session.
FIRST, SHORT, WHOLE = date(2005, 2, 7), 16, 21
#: What the operator is told in such a month.
ALERTS: list[str] = []
#: The terms of the bridge over the month, which `equity_explained` finds to leave nothing over.
EXPLAINED = ("bridge: realised", "bridge: dividends", "bridge: paid_in", "bridge: paid_out")


def steps_of(number: int, session: date) -> tuple[Step, ...]:
    """The schedule of a session, and what happens in the month's session of this number."""
    hours = hours_of(session)
    trades, looks = due(Job.RUN_DAILY, session), Run(Job.CHECK_EXITS, hours.opens + timedelta(minutes=60))
    steps: list[Step] = [due(job, session) for job in (Job.PREFLIGHT, Job.RECONCILE, Job.REPORT)]
    steps.append(Run(Job.CHECK_EXITS, hours.closes - CHECK_EXITS_EVERY))
    match number:
        case 0:
            trades = replace(trades, faults=(Fault(FaultKind.PARTIAL_FILL, "submit", amount=86_400),))
        case 3:
            steps.append(ByHand(Deed.PAY_IN, hours.closes + timedelta(hours=5), "", shares=20, which=0))
        case 7:
            steps.append(ByHand(Deed.TAKE_OUT, hours.opens + timedelta(hours=5), "", shares=20, which=0))
        case 10:
            looks = replace(looks, faults=(Fault(FaultKind.STOP_FILLS, "positions"),))
    return tuple(sorted([*steps, trades, looks], key=lambda step: step.at))


def the_month(market: Market, length: int) -> World:
    sessions = market.sessions[market.sessions.index(FIRST) :][:length]
    days = tuple(Day(session, steps_of(number, session)) for number, session in enumerate(sessions))
    wide = ExitPolicy(stop=Decimal("0.15"), use_default_target=False)
    scripts = (
        Script("alpha", ("AAPL", "MSFT"), wide, eager=1.0, fickle=0.0),
        Script("beta", ("IBM",), replace(wide, stop=Decimal("0.03")), eager=0.3, fickle=0.0),
    )
    return World(1, days, scripts, (), ExchangeRules(start=FIRST))


@pytest.mark.parametrize("length", [SHORT, long(WHOLE)])
@pytest.mark.parametrize("broker", [long(name) if name == "simple" else name for name in WAYS])
def test_a_quiet_month_halts_nothing_leaves_no_break_and_alerts_as_expected(
    market: Market, broker: str, length: int
) -> None:
    story = WAYS[broker].simulate(the_month(market, length), market)
    assert story.violations == []
    happened = (Deed.PAY_IN, Deed.TAKE_OUT, PARTIAL, FaultKind.STOP_FILLS, "split booked", "cash: dividend")
    assert [name for name in (*happened, *EXPLAINED) if not story.met[name]] == []
    assert story.halts == []
    assert story.breaks == 0
    assert story.alerts == ALERTS
