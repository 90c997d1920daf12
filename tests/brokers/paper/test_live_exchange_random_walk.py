"""Drawn prices and drawn looks: how often somebody looks decides no order, and nothing contradicts an earlier look."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from tests.brokers.paper.conftest import OpenLivePit
from tests.fakes.live_pit import LivePit
from tests.fakes.live_prices import new_york
from tradebot.core.model.account import Fill
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.orders import OrderState

DAYS = ("2007-01-03", "2007-01-04", "2007-01-05")
ENTERED = new_york(f"{DAYS[0]} 09:36")
STOP = Decimal(98)


def walk(random: Random) -> dict[str, str]:
    """A trade at the open of each session and then every minute or two, from around 100, with dips of one trade."""
    cents, days = 10_000, {}
    for day in DAYS:
        cents += random.randint(-100, 100)  # overnight
        at, trades = new_york(f"{day} 09:30"), []
        while at < new_york(f"{day} 16:00"):
            dip = 400 if random.random() < 0.003 else 0  # of one trade
            trades.append(f"{at.astimezone(NEW_YORK):%H:%M} {Decimal(cents - dip) / 100}")
            cents += random.randint(-12, 12)
            at += timedelta(minutes=random.randint(1, 2))
        days[day] = ", ".join(trades)
    return days


def looks(random: Random) -> list[datetime]:
    drawn = [ENTERED + timedelta(seconds=random.randint(1, 3 * 86_400)) for _ in range(random.choice((0, 3, 40)))]
    return [*sorted(drawn), new_york(f"{DAYS[-1]} 17:00")]


@pytest.mark.parametrize("seed", range(30))
def test_a_stop_fills_when_its_price_was_seen_however_often_somebody_looks(seed: int, live: OpenLivePit) -> None:
    random = Random(seed)
    world = live(walk(random))
    world.market.now = ENTERED
    bought = world.buy(10)
    world.sell(10, stop=str(STOP))
    last_live = ENTERED
    for at in looks(random):
        world.market.now = at
        if world.order("c2").state is OrderState.ACCEPTED:
            last_live = at
    check(world, bought.average_fill_price or Decimal(0), last_live)


def check(world: LivePit, paid: Decimal, last_live: datetime) -> None:
    reached = [at for at, price in world.market.trades["ACME"] if at >= new_york(f"{DAYS[0]} 09:35") and price <= STOP]
    sold = [each for each in world.happened() if isinstance(each, Fill)][1:]
    assert bool(sold) is bool(reached)
    received = sum((fill.price * fill.quantity for fill in sold), Decimal(0))
    assert world.broker.account().cash == 100_000 - 10 * paid + received
    for fill in sold:
        assert fill.price <= STOP
        assert last_live <= fill.at
        assert min(reached) <= fill.at + timedelta(minutes=5)
