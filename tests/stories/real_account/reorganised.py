"""A home whose jobs reach broker and market data over HTTP, at an exchange where companies are reorganised.

The exchange knows no reorganisation but splits. Others happen as trades of a person, of which no activity tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.client import api_of, broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.brokers.alpaca.data.market_data import AlpacaMarket
from tradebot.core.model.account import ActionKind, CashKind, CorporateAction, Position
from tradebot.core.model.breaks import Break
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.jobs import check_exits, reconcile, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.ledger.database import open_database
from tradebot.ledger.findings import Finding
from tradebot.ledger.verify import verify_ledger
from tradebot.runtime.emergency_stop import StopOptions, open_stop_desk

_JOBS = {Job.RUN_DAILY: run_daily.run, Job.CHECK_EXITS: check_exits.run, Job.RECONCILE: reconcile.run}


@dataclass
class Reorganised:
    """A home and the server that its jobs reach."""

    house: House
    fake: FakeAlpaca
    by_hand: Requests = field(default_factory=Requests)

    @contextmanager
    def desk(self, at: str | None = None) -> Iterator[Desk]:
        with self.house.desk(at) as desk:
            folder = self.house.home / "cache"
            market = AlpacaMarket(api_of(self.fake), folder, "iex", desk.clock, desk.calendar)
            yield replace(desk, broker=broker_of(self.fake), market=market)

    def run(self, job: Job, at: str) -> Outcome:
        with self.desk(at) as desk:
            return _JOBS[job](desk)

    def daily(self, at: str = "09:35") -> Outcome:
        return self.run(Job.RUN_DAILY, at)

    def check_exits(self, at: str) -> Outcome:
        return self.run(Job.CHECK_EXITS, at)

    def emergency_stop(self, *, close: bool) -> StopOutcome:
        with open_stop_desk(self.house.options, StopOptions("a drill")) as (desk, _, _):
            return emergency_stop.run(replace(desk, broker=broker_of(self.fake)), close_positions=close)

    def breaks(self) -> tuple[Break, ...]:
        with self.house.desk() as desk:
            return desk.ledger.halts_and_breaks.breaks()

    def findings(self) -> tuple[Finding, ...]:
        """What `verify` finds in the ledger."""
        database = open_database(self.house.database, create=False)
        try:
            return verify_ledger(database)
        finally:
            database.close()

    def positions(self) -> dict[str, Position]:
        """As the server shows them."""
        return {position.symbol: position for position in broker_of(self.fake).positions()}

    def stops(self, symbol: str) -> list[tuple[Decimal, Decimal | None]]:
        """Quantity and price of the stops that the server shows for a symbol."""
        orders = broker_of(self.fake).open_orders()
        return [(order.remaining, order.stop_price) for order in orders if order.symbol == symbol and order.stop_price]

    # --- what happens there --------------------------------------------------------------------

    def announce(
        self, kind: ActionKind, day: date, value: str = "1", new: str | None = None, symbol: str = "ACME"
    ) -> None:
        action = CorporateAction(symbol, day, kind, Decimal(value), new)
        self.fake.house.terms.announced = (*self.fake.house.terms.announced, action)

    def withhold(self, *kinds: str) -> None:
        """Nothing is told of activities of these types that come from now on; of none, everything is told."""
        with self.house.exchange() as exchange:
            now: datetime = exchange.now()
        self.fake.house.terms.withheld = lambda kind, at: kind in kinds and at >= now

    def cancel_orders(self) -> None:
        with self.house.by_hand() as broker:
            broker.cancel_all()

    def deposit(self, amount: str) -> None:
        with self.house.exchange() as exchange, exchange.writing() as view:
            view.book.book_cash(CashKind.DEPOSIT, Decimal(amount), None, "by hand", view.booking_time)

    def trade(self, *, sell: int = 0, buy: int = 0, symbol: str = "ACME") -> None:
        """A trade at the market."""
        with self.house.by_hand() as broker:
            if sell:
                broker.submit(self.by_hand.sell(sell, symbol=symbol))
            if buy:
                broker.submit(self.by_hand.buy(buy, symbol=symbol))


#: The days on which `splitting_home` buys and on which its symbol splits, and a bar at half of the price before.
BOUGHT, EX_DATE = date(2007, 1, 4), date(2007, 1, 8)
HALVED = "50 50.5 49.5 50"


def splitting_home(make_house: MakeHouse, after: str = HALVED) -> House:
    """A home that buys 50 ACME at 100 with a stop at 90, before ACME splits 2:1 on the second session after."""
    prices = {"ACME": [FLAT] * 3 + [after] * 7}
    return make_house(Script(enter={"ACME": [BOUGHT]}), prices=prices, actions=[f"ACME,{EX_DATE},split,2"])


@contextmanager
def reorganised(house: House) -> Iterator[Reorganised]:
    with FakeAlpaca(house.exchange) as fake:
        yield Reorganised(house, fake)
