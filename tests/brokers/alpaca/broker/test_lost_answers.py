"""An answer to POST /orders that is lost leads to exactly one order; a request that is lost, to none, then to one.

The job that enters is the real one, over a home in real files; between it and the exchange lie the adapter and HTTP.
Each run of it is another process as far as the adapter is concerned. Times go by that are tenths of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.client import api_of
from tests.fakes.wire.faults import Kind
from tests.jobs.conftest import MakeHouse, empty_ledger, houses_made, make_house
from tests.jobs.house import Script
from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.core.model.account import Fill
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, Purpose
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode, OutcomeUnknown

__all__ = ["empty_ledger", "houses_made", "make_house"]

SECOND = date(2007, 1, 4)
SHORT = Timeouts(connect=0.1, idle=0.15, response=0.3, read_with_retries=2.0)
#: The request has its effect, and its sender does not learn of it.
LOST_AFTER = (
    Kind.GATEWAY_TIMEOUT,
    Kind.RESET_AFTER,
    Kind.SILENT_AFTER,
    Kind.SERVER_ERROR_AFTER,
    Kind.HTML_AFTER,
    Kind.TRUNCATED,
    Kind.CUT_OFF,
)
#: The request has no effect, and its sender cannot know.
LOST_BEFORE = (Kind.RESET_BEFORE, Kind.SILENT_BEFORE, Kind.SERVER_ERROR, Kind.HTML, Kind.PAGE)


class Home:
    """A home whose jobs trade at Alpaca, and what became of its one entry there."""

    def __init__(self, make_house: MakeHouse) -> None:
        self.house = make_house(Script(enter={"ACME": [SECOND]}))
        self.entry = self.house.id(1, Purpose.ENTRY)
        self.fake = FakeAlpaca(self.house.exchange)

    def run(self, adapter: type[AlpacaBroker] = AlpacaBroker) -> Outcome:
        return self.house.daily(wrap=lambda _: adapter(api_of(self.fake, SHORT), "paper"))

    def loses(self, kind: Kind, times: int = 1) -> None:
        self.fake.strike(kind, method="POST", path="/v2/orders", times=times)

    @property
    def state(self) -> str:
        (row,) = self.house.rows("SELECT state FROM orders WHERE client_order_id = ?", self.entry)
        return str(row["state"])

    @property
    def entries(self) -> list[str]:
        """The ids of the entries that the exchange ever had, from its own file."""
        with self.house.exchange() as exchange, exchange.reading() as paper:
            rows = paper.store._sql.execute("SELECT client_order_id FROM orders ORDER BY number").fetchall()
        made = {str(row[0]): parse(str(row[0])) for row in rows}
        return [identifier for identifier, of in made.items() if of is not None and of.purpose is Purpose.ENTRY]

    @property
    def bought(self) -> list[tuple[str, Decimal]]:
        with self.house.by_hand() as broker:
            fills = [done for done in broker.activities(None) if isinstance(done, Fill)]
        return [(fill.client_order_id, fill.quantity) for fill in fills]

    @property
    def sent(self) -> int:
        """How many requests to take an order in have arrived at the server."""
        return sum((arrival.method, arrival.path) == ("POST", "/v2/orders") for arrival in self.fake.requests)


@pytest.fixture
def home(make_house: MakeHouse) -> Iterator[Home]:
    made = Home(make_house)
    with made.fake:
        yield made


def is_bought_once(home: Home) -> bool:
    held = home.house.holding()
    assert held is not None
    return (
        home.state == "filled"
        and home.entries == [home.entry]
        and home.bought == [(home.entry, Decimal(50))]
        and held.quantity == 50
        and home.house.stops() == [(Decimal(50), Decimal(90))]
    )


@pytest.mark.parametrize("kind", LOST_AFTER)
def test_an_answer_that_is_lost_leads_to_exactly_one_order(home: Home, kind: Kind) -> None:
    home.loses(kind)
    outcome = home.run()
    assert outcome.exit_code is ExitCode.BROKER
    assert [line.state for line in outcome.orders] == [OrderState.UNKNOWN]
    assert is_bought_once(home)  # found by its id before the run had ended
    home.run()
    assert is_bought_once(home)
    assert home.sent == 1


@pytest.mark.parametrize("kind", LOST_AFTER)
def test_what_the_run_itself_cannot_find_any_more_the_next_one_finds(home: Home, kind: Kind) -> None:
    home.loses(kind)
    home.fake.strike(Kind.SERVER_ERROR, method="GET", path="/v2/orders:by_client_order_id", times=100)
    with pytest.raises(Exception, match="gave no usable answer"):
        home.run()
    assert home.state == "unknown"
    home.fake.calm()
    home.run()
    assert is_bought_once(home)
    assert home.sent == 1


@pytest.mark.parametrize("kind", LOST_BEFORE)
def test_a_request_that_is_lost_leads_to_no_order_and_then_to_one(home: Home, kind: Kind) -> None:
    home.loses(kind)
    outcome = home.run()
    assert outcome.exit_code is ExitCode.BROKER
    assert [line.state for line in outcome.orders] == [OrderState.UNKNOWN]
    assert home.state == "planned"  # surely not there, after several looks
    assert home.entries == []
    home.run()
    assert is_bought_once(home)


@pytest.mark.parametrize("kind", LOST_BEFORE)
def test_a_request_that_is_lost_twice_leads_to_no_order_at_all(home: Home, kind: Kind) -> None:
    home.loses(kind, times=2)
    for _ in range(3):
        home.run()
    assert home.state == "abandoned"
    assert home.entries == []
    assert home.bought == []


@pytest.mark.parametrize("amount", [0, 1], ids=["", "with Retry-After"])
def test_who_asked_too_often_was_not_heard(home: Home, amount: int) -> None:
    home.fake.strike(Kind.TOO_MANY, amount, method="POST", path="/v2/orders")
    outcome = home.run()
    assert [line.state for line in outcome.orders] == [OrderState.PLANNED]
    assert home.entries == []
    home.run()
    assert is_bought_once(home)


def test_where_nobody_listens_nothing_was_sent(home: Home) -> None:
    class Refused(AlpacaBroker):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            with home.fake.refusing():
                return super().submit(request)

    outcome = home.run(Refused)
    assert [line.state for line in outcome.orders] == [OrderState.PLANNED]
    assert home.entries == []
    home.run()
    assert is_bought_once(home)


def test_an_order_that_arrives_after_it_was_given_up_for_lost_is_the_only_one(home: Home) -> None:
    home.loses(Kind.LATE)
    home.run()
    assert (home.state, home.entries) == ("planned", [])
    home.fake.deliver()
    home.run()
    assert is_bought_once(home)


def test_an_order_that_arrives_twice_is_taken_in_once(home: Home) -> None:
    """The first comes late, and the second is refused for having the id of the first."""
    home.loses(Kind.LATE)
    home.run()
    home.fake.strike(Kind.EMPTY, method="GET", path="/v2/orders", times=100)  # it is not shown before it is sent again

    class ArrivesMeanwhile(AlpacaBroker):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            home.fake.deliver()
            home.fake.calm()
            return super().submit(request)

    outcome = home.run(ArrivesMeanwhile)
    assert outcome.status is RunStatus.RAN
    assert is_bought_once(home)


def test_a_refusal_as_a_duplicate_is_word_of_an_order_that_is_there(home: Home) -> None:
    home.loses(Kind.DUPLICATE)
    assert home.run().exit_code is ExitCode.OK
    assert is_bought_once(home)


def test_a_duplicate_that_is_not_shown_yet_is_of_unknown_outcome_not_rejected(home: Home) -> None:
    home.loses(Kind.DUPLICATE)

    class NotShownAtOnce(AlpacaBroker):
        looks = 0

        def order(self, client_order_id: str) -> BrokerOrder | None:
            self.looks += 1
            return super().order(client_order_id) if self.looks > 2 else None

    outcome = home.run(NotShownAtOnce)
    assert [line.state for line in outcome.orders] == [OrderState.UNKNOWN]
    assert is_bought_once(home)


@pytest.mark.parametrize("kind", LOST_AFTER)
def test_a_replacement_whose_answer_is_lost_rests_once(home: Home, kind: Kind) -> None:
    home.run()
    ((quantity, _),) = home.house.stops()
    broker = AlpacaBroker(api_of(home.fake, SHORT), "paper")
    (stop,) = broker.open_orders()
    home.fake.strike(kind, method="PATCH", path="/v2/orders")
    request = OrderRequest("raised", "ACME", stop.side, quantity, stop.type, stop.time_in_force, stop_price=Decimal(95))
    with pytest.raises(OutcomeUnknown):
        broker.replace(stop.broker_order_id, request)
    assert home.house.stops() == [(quantity, Decimal(95))]
    found = broker.order("raised")
    assert found is not None and found.parent_client_order_id == home.entry
