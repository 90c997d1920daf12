"""A home whose jobs reach the exchange over HTTP, through the adapter of Alpaca and the fake server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca import Arrival, FakeAlpaca, Fault
from tests.fakes.alpaca.client import broker_of
from tests.fakes.thin_market import fills_at_most, slips_by
from tests.jobs.house import House
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.jobs import check_exits, diff, reconcile, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.ports import Clock
from tradebot.runtime.emergency_stop import StopOptions, open_stop_desk
from tradebot.runtime.session_diff import diff_session

_JOBS: dict[Job, Callable[[Desk], Outcome]] = {
    Job.RUN_DAILY: run_daily.run,
    Job.CHECK_EXITS: check_exits.run,
    Job.RECONCILE: reconcile.run,
    Job.DIFF: lambda desk: diff.run(desk, diff_session),
}


class WaitingClock:
    """The exchange's clock, on which waiting takes the time that is waited for."""

    def __init__(self, clock: Clock, waited: list[float]) -> None:
        self._clock = clock
        self._waited = waited
        self._before = sum(waited)

    def now(self) -> Any:
        return self._clock.now() + timedelta(seconds=sum(self._waited) - self._before)

    def wall(self) -> Any:
        return self._clock.wall()

    def sleep(self, seconds: float) -> None:
        self._waited.append(seconds)


@dataclass
class AtAlpaca:
    """A home, and the server that its jobs reach.

    ``fillable`` are the shares of a symbol that fill in a session; None: all that are ordered. ``slippage`` is a share
    of the price; None: as the settings of the home have it. ``happens`` is told each request before it is worked on,
    and may give it a fault. ``waited`` are the pauses of the jobs, seconds.
    """

    house: House
    fillable: int | None = None
    slippage: Decimal | None = None
    happens: Callable[[Arrival], Fault | None] = lambda arrival: None
    waited: list[float] = field(default_factory=list)
    fake: FakeAlpaca = field(init=False)

    @contextmanager
    def exchange(self) -> Iterator[PaperExchange]:
        with self.house.exchange() as exchange:
            fills_at_most(exchange, self.fillable)
            if self.slippage is not None:
                slips_by(exchange, self.slippage)
            yield exchange

    def run(self, job: Job, at: str) -> Outcome:
        """Run a job that begins at a time of the session ("09:35", New York)."""
        with self.house.desk(at) as desk:
            clock = WaitingClock(desk.clock, self.waited)
            return _JOBS[job](replace(desk, broker=broker_of(self.fake), clock=clock))

    def daily(self, at: str = "09:35") -> Outcome:
        return self.run(Job.RUN_DAILY, at)

    def check_exits(self, at: str) -> Outcome:
        return self.run(Job.CHECK_EXITS, at)

    def emergency_stop(self, *, close: bool = False) -> StopOutcome:
        """An emergency stop, which keeps the positions or closes them."""
        with open_stop_desk(self.house.options, StopOptions("a drill")) as (desk, _, _):
            return emergency_stop.run(replace(desk, broker=broker_of(self.fake)), close_positions=close)

    def orders(self, symbol: str = "ACME") -> list[BrokerOrder]:
        """The live orders of a symbol at the exchange itself."""
        return list(self.house.open_orders(symbol))


@contextmanager
def at_alpaca(house: House, **more: Any) -> Iterator[AtAlpaca]:
    """Serve the home's exchange as Alpaca does."""
    account = AtAlpaca(house, **more)
    with FakeAlpaca(account.exchange, on_request=lambda arrival: account.happens(arrival)) as fake:
        account.fake = fake
        yield account
