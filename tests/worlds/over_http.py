"""Processes that reach the exchange as a broker's customers do: Alpaca's adapter, over HTTP, to a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from tests.fakes.alpaca import KEY_ID, SECRET_KEY
from tests.worlds.doors import Door
from tests.worlds.faults import Io
from tests.worlds.line import LineClient, WorldPause
from tests.worlds.server import WorldServer
from tests.worlds.venue import Venue
from tests.worlds.witness import Witness
from tests.worlds.world import World
from tradebot.brokers.alpaca.authorisation import KeyHeaders, Keys
from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import EMERGENCY, Timeouts
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import AccountSnapshot, MarketClock
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.ports import Broker
from tradebot.runtime.alpaca import FRESH_FOR
from tradebot.settings.endpoints import Endpoint

_KEYS = KeyHeaders(Keys(KEY_ID, SECRET_KEY))


@contextmanager
def over_http(world: World, venue: Venue) -> Iterator[Door]:
    """A server over the venue's exchange, for as long as a world lasts; in how much it tells, they differ."""
    chance = Random(f"server {world.seed}")
    with WorldServer(venue, groups=chance.random() < 0.5, hides_held=chance.random() < 0.5) as server:
        yield HttpDoor(venue, server)
        server.judge.forgive()  # the world has told of it


class HttpDoor:
    """The door of a brokerage that has the exchange behind it."""

    #: The exchange of every world begins its account by a reset.
    account_key = "alpaca:paper:PAPER-0002"
    fees_apart = True
    tells_expiry = True
    fresh_for = FRESH_FOR

    def __init__(self, venue: Venue, server: WorldServer) -> None:
        self._venue = venue
        self._server = server
        self._endpoint = Endpoint(server.url, "ALPACA_BASE_URL")
        self.host = self._endpoint.host

    @contextmanager
    def broker(self, exchange: PaperExchange, io: Io, witness: Witness, *, pressing: bool) -> Iterator[Broker]:
        patience, pause = EMERGENCY if pressing else Timeouts(), WorldPause(self._venue, exchange, io)
        with closing(LineClient(self._server, self._endpoint, named, patience, pause, witness)) as line:
            api = Api(line, _KEYS, parse_response, RateLimiter(), pause, patience)
            yield WatchedBroker(api, self._venue.path.parent, line, exchange, witness)

    def activity_id(self, number: int) -> str:
        return self._server.activity_id(number)

    def order_id(self, client_order_id: str) -> str:
        return self._server.order_id(client_order_id)

    def met(self) -> Counter[str]:
        return self._server.met()

    def objections(self) -> Sequence[str]:
        return self._server.judge.violations


class WatchedBroker(AlpacaBroker):
    """The adapter, with a witness of what it is asked and what it told."""

    def __init__(self, api: Api, memory: Path, line: LineClient, exchange: PaperExchange, witness: Witness) -> None:
        super().__init__(api, "paper", memory)
        self._line = line
        self._exchange = exchange
        self._witness = witness

    def clock(self) -> MarketClock:
        answer = super().clock()
        self._witness.saw_clock(answer)
        return answer

    def account(self) -> AccountSnapshot:
        answer = super().account()
        self._witness.saw_account(self._exchange, answer)
        return answer

    def submit(self, request: OrderRequest) -> BrokerOrder:
        with self._line.carrying(request, None):
            return super().submit(request)

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        with self._line.carrying(request, broker_order_id):
            return super().replace(broker_order_id, request)


_READS = {
    "account/activities": "activities",
    "account/configurations": "permissions",
    "account/portfolio/history": "days",
}


def named(method: str, path: str, params: Mapping[str, str]) -> tuple[str, str]:
    """What a request is called in the story: the method of the port that it is for, and whether it reads or writes."""
    rest = path.removeprefix("/v2/")
    match method:
        case "POST":
            return "submit", "write"
        case "PATCH":
            return "replace", "write"
        case "DELETE":
            return ("cancel_all" if rest in ("orders", "positions") else "cancel"), "write"
    if rest == "orders":
        return ("open_orders" if params.get("status", "open") == "open" else "order"), "read"
    if rest.startswith("orders"):
        return "order", "read"
    return _READS.get(rest, rest.partition("/")[0]), "read"
