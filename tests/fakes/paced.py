"""A desk at which requests and waiting take time, at the embedded exchange's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from tests.jobs.brokers import Watched
from tests.jobs.house import House, Wrap
from tradebot.brokers.paper import PaperExchange
from tradebot.jobs.desk import Desk
from tradebot.ports import Broker


class PassingClock:
    """The exchange's clock, which waiting moves on."""

    def __init__(self, exchange: PaperExchange, wall: datetime) -> None:
        self._exchange, self._wall = exchange, wall

    def now(self) -> datetime:
        return self._exchange.now()

    def wall(self) -> datetime:
        return self._wall

    def sleep(self, seconds: float) -> None:
        if seconds:
            self._exchange.advance_to(self._exchange.now() + timedelta(seconds=seconds))


@contextmanager
def paced(
    house: House, at: str, *, gap: float = 0.4, less: float = 0, wrap: Wrap = lambda broker: broker
) -> Iterator[Desk]:
    """A desk at which each request takes ``gap`` seconds, and ``less`` than the one before, down to nothing."""
    with house.desk(at, wrap) as desk, house.exchange() as exchange:
        clock = PassingClock(exchange, desk.clock.wall())

        gaps = (max(gap - less * number, 0) for number in count())

        def takes_time(broker: Broker, call: str, asked: object) -> None:
            clock.sleep(next(gaps))

        yield replace(desk, clock=clock, broker=Watched(desk.broker, takes_time))
