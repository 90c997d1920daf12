"""Lost answers of a real adapter before a server that differs in what nobody knows of the real one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.robinhood import FakeRobinhood, Kind, Repeated, Terms
from tests.fakes.robinhood.client import broker_of
from tests.jobs.brokers import Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.long_form import long
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.orders import OrderRequest, Purpose, Side
from tradebot.errors import ExitCode
from tradebot.ports import Broker
from tradebot.runtime.clocks import ExchangeClock

SECOND = date(2007, 1, 4)
#: One symbol for each fault of the wire.
FAULTS = {
    "BRNT": Kind.ID_BURNT,
    "GATE": Kind.GATEWAY_TIMEOUT,
    "LATE": Kind.LATE,
    "RSET": Kind.RESET_AFTER,
    "SLNT": Kind.SILENT_AFTER,
}
#: Seconds for which the lists lack a new order: longer than any quarantine.
LAG = 600.0

either_way = pytest.mark.parametrize("lag", [0.0, LAG], ids=["lists at once", "lists that lag"])
#: By the short form each kind with lists that are shown at once or that lag, in turn.
every_way = pytest.mark.parametrize(
    ("repeated", "lag"),
    [
        (repeated, lag) if (number + slow) % 2 == 0 else long(repeated, lag)
        for number, repeated in enumerate(Repeated)
        for slow, lag in enumerate((0.0, LAG))
    ],
)


class AtRobinhood:
    """A home whose account is asked by Robinhood's adapter, over HTTP, and the server."""

    def __init__(self, house: House, fake: FakeRobinhood, purpose: Purpose) -> None:
        self.house, self.fake = house, fake
        self.struck: set[str] = set()
        self._purpose = purpose

    def wrap(self, broker: Broker) -> Broker:
        """The adapter as one job has it; the first request for each order of the purpose meets its symbol's fault."""
        assert isinstance(broker, PaperBroker)
        exchange = broker._exchange
        assert isinstance(exchange, PaperExchange)
        clock, folder = ExchangeClock(exchange), self.house.home / "state"
        adapter = broker_of(self.fake, clock, folder, strategies=["scripted"], patience=Timeouts(idle=0.5))
        return Watched(adapter, self._strike)

    def _strike(self, broker: Broker, call: str, asked: object) -> None:
        if isinstance(asked, OrderRequest) and f"-{self._purpose}-" in asked.client_order_id:
            if asked.symbol not in self.struck:
                self.struck.add(asked.symbol)
                self.fake.strike(FAULTS[asked.symbol], method="POST", path="/orders/")
            else:
                self.fake.deliver()  # what is late comes in before anything else leaves for these shares


@pytest.fixture
def at_robinhood(make_house: MakeHouse) -> Iterator[Callable[..., AtRobinhood]]:
    """Makes a home that is told to enter every symbol in the second session."""
    with ExitStack() as stack:

        def make(purpose: Purpose, repeated: Repeated, lag: float) -> AtRobinhood:
            script = Script(enter={symbol: [SECOND] for symbol in FAULTS})
            house = make_house(script, prices={symbol: [FLAT] * 6 for symbol in FAULTS})
            fake = FakeRobinhood(house.exchange, terms=Terms(repeated=repeated, list_lag=lag, far_limit=None))
            return AtRobinhood(house, stack.enter_context(fake), purpose)

        yield make


def offered(house: House) -> dict[str, Decimal]:
    """The shares by symbol that live sells offer at the exchange."""
    with house.by_hand() as broker:
        sells = [order for order in broker.open_orders() if order.side is Side.SELL]
    return {symbol: sum((o.remaining for o in sells if o.symbol == symbol), Decimal(0)) for symbol in FAULTS}


def held(house: House) -> dict[str, Decimal]:
    positions = house.positions()
    return {symbol: positions[symbol].quantity if symbol in positions else Decimal(0) for symbol in FAULTS}


def orders_for(house: House, side: Side) -> Counter[str]:
    """How many orders the exchange has, by symbol."""
    with house.exchange() as exchange, exchange.reading() as view:
        rows = view.store._sql.execute("SELECT symbol FROM orders WHERE side = ?", (side.value,)).fetchall()
    return Counter(symbol for (symbol,) in rows)


@either_way
def test_a_lost_entry_is_at_most_one_order(at_robinhood: Callable[..., AtRobinhood], lag: float) -> None:
    there = at_robinhood(Purpose.ENTRY, Repeated.SECOND, lag)
    house = there.house
    assert house.daily(wrap=there.wrap).exit_code is ExitCode.BROKER
    house.check_exits("10:30", wrap=there.wrap)
    there.fake.deliver()
    house.check_exits("15:50", wrap=there.wrap)
    assert there.struck == set(FAULTS)
    assert orders_for(house, Side.BUY) == {"GATE": 1, "LATE": 1, "RSET": 1, "SLNT": 1}
    assert offered(house) == held(house)
    house.next()
    house.daily(wrap=there.wrap)
    assert offered(house) == held(house)
    assert house.reconcile(wrap=there.wrap).breaks == ()


@every_way
def test_a_lost_stop_rests_once_within_the_next_job(
    at_robinhood: Callable[..., AtRobinhood], repeated: Repeated, lag: float
) -> None:
    """The stops of every position were cancelled by hand; the job that sees it loses the answers to the new ones."""
    there = at_robinhood(Purpose.STOP, repeated, 0.0)
    house = there.house
    there.struck |= set(FAULTS)
    house.daily(wrap=there.wrap)
    with house.by_hand() as broker:
        for order in broker.open_orders():
            broker.cancel(order.broker_order_id)
    there.struck.clear()
    there.fake.house.terms.list_lag = lag
    house.check_exits("10:30", wrap=there.wrap)
    assert there.struck == set(FAULTS)
    assert all(Decimal(0) < shares and offered(house)[symbol] <= shares for symbol, shares in held(house).items())
    house.check_exits("11:30", wrap=there.wrap)
    assert offered(house) == held(house)
    house.check_exits("15:50", wrap=there.wrap)
    assert offered(house) == held(house)
    assert house.reconcile(wrap=there.wrap).breaks == ()
