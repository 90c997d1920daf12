"""Processes that reach the exchange by Robinhood's adapter, over HTTP, to a server that speaks as Robinhood does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.robinhood.client import GrantedToken
from tests.worlds.doors import Door
from tests.worlds.faults import Io
from tests.worlds.line import LineClient, WorldPause
from tests.worlds.ports import WorldClock
from tests.worlds.robinhood_server import WorldRobinhood
from tests.worlds.venue import Venue
from tests.worlds.witness import Witness
from tests.worlds.world import World
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.timeouts import EMERGENCY, Timeouts
from tradebot.brokers.paper import PaperExchange
from tradebot.brokers.robinhood.broker import Login, RobinhoodBroker, Surroundings
from tradebot.brokers.robinhood.instruments import InstrumentBook
from tradebot.brokers.robinhood.pacing import RequestGap
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.core.model.account import AccountSnapshot, MarketClock
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.core.safety.lost_orders import QUARANTINE
from tradebot.errors import OutcomeUnknown
from tradebot.market.calendar import NyseCalendar
from tradebot.ports import Broker
from tradebot.settings.endpoints import Endpoint

_GAP = 0.4  # seconds between two requests
_COLLAR = Decimal("0.01")


@contextmanager
def over_robinhood(world: World, venue: Venue) -> Iterator[Door]:
    """A server over the venue's exchange, for as long as a world lasts; in what nobody knows of it, they differ."""
    with WorldRobinhood(world, venue) as server:
        yield RobinhoodDoor(world, venue, server)


class RobinhoodDoor:
    """The door of Robinhood, which has the exchange behind it."""

    fees_apart = False
    tells_expiry = False
    fresh_for = timedelta(0)

    def __init__(self, world: World, venue: Venue, server: WorldRobinhood) -> None:
        self._world = world
        self._venue = venue
        self._server = server
        self._token = GrantedToken(server.grant().access)
        self._endpoint = Endpoint(server.url, "ROBINHOOD_BASE_URL")
        self.host = self._endpoint.host

    @property
    def account_key(self) -> str:
        return f"robinhood:live:{self._server.account_number}"

    @contextmanager
    def broker(self, exchange: PaperExchange, io: Io, witness: Witness, *, pressing: bool) -> Iterator[Broker]:
        patience, pause = EMERGENCY if pressing else Timeouts(), WorldPause(self._venue, exchange, io)
        with closing(LineClient(self._server, self._endpoint, named, patience, pause, witness)) as line:
            pacing = RequestGap(_GAP, urgent=pressing)
            api = Api(line, self._token, parse_response, pacing, pause, patience)
            login = Login(api, api, self._server.account_number)
            around = self._surroundings(exchange, io, witness)
            yield WatchedBroker(login, around, line, exchange, witness, self._server)

    def activity_id(self, number: int) -> str:
        return self._server.activity_id(number)

    def order_id(self, client_order_id: str) -> str:
        return self._server.order_id(client_order_id)

    def met(self) -> Counter[str]:
        return self._server.met()

    def objections(self) -> Sequence[str]:
        return ()

    def _surroundings(self, exchange: PaperExchange, io: Io, witness: Witness) -> Surroundings:
        calendar, home = NyseCalendar(), self._venue.path.parent
        return Surroundings(
            clock=WorldClock(self._venue, exchange, io, timedelta(0)),
            quotes=exchange.quotes,
            cache_folder=home,
            sent_orders=home / "sent_orders.log",
            strategies=lambda: [script.name for script in self._world.scripts],
            sessions=lambda day: [hours.session for hours in calendar.between(day - timedelta(days=4), day)],
        )


class WatchedBroker(RobinhoodBroker):
    """The adapter, with a witness of what it is asked and what it told."""

    def __init__(
        self,
        login: Login,
        around: Surroundings,
        line: LineClient,
        exchange: PaperExchange,
        witness: Witness,
        server: WorldRobinhood,
    ) -> None:
        super().__init__(login, around, _COLLAR, _instruments(login, around))
        self._line = line
        self._exchange = exchange
        self._witness = witness
        self._server = server
        self._given_up: dict[str, datetime] = {}  # when the answer to an order was, by its client_order_id

    def clock(self) -> MarketClock:
        answer = super().clock()
        self._witness.saw_clock(answer)
        return answer

    def account(self) -> AccountSnapshot:
        answer = super().account()
        self._witness.saw_account(self._exchange, answer)
        return answer

    def submit(self, request: OrderRequest) -> BrokerOrder:
        order_id = request.client_order_id
        self._server.carries(order_id)
        given_up = self._given_up.get(order_id)
        if given_up is not None and self._witness.locks and self._server.now < given_up + QUARANTINE:
            self._witness.leaves_again(request)
        try:
            with self._line.carrying(request, None):
                return super().submit(request)
        except OutcomeUnknown:
            self._given_up[order_id] = self._server.now
            raise


def _instruments(login: Login, around: Surroundings) -> InstrumentBook:
    cache = JsonCache(around.cache_folder, "robinhood", "instruments", login.api.endpoint.host)
    return InstrumentBook(login.api, cache, around.clock)


_CALLS = {
    "accounts": "account",
    "portfolios": "account",
    "positions": "positions",
    "markets": "clock",
    "instruments": "assets",
    "quotes": "quotes",
    "marketdata": "quotes",
}


def named(method: str, path: str, params: Mapping[str, str]) -> tuple[str, str]:
    """What a request is called in the story: the method of the port that it is for, and whether it reads or writes."""
    where, _, rest = path.strip("/").partition("/")
    if method == "POST":
        return ("cancel" if rest.endswith("cancel") else "submit"), "write"
    if where == "orders":
        is_open = params.get("is_closed") == "false" or "is_closed=false" in path
        return ("open_orders" if is_open else "order"), "read"
    if path.startswith("/accounts/sweeps"):
        return "activities", "read"
    return _CALLS.get(where, "activities"), "read"
