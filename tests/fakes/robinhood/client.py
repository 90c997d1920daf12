"""What asks the server on this machine, as a command does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.fakes.alpaca.client import Unhurried
from tests.fakes.robinhood.server import FakeRobinhood
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.robinhood.broker import Login, RobinhoodBroker, Surroundings
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.brokers.robinhood.data.quotes import read_quotes
from tradebot.brokers.robinhood.instruments import InstrumentBook
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.core.model.account import Quote
from tradebot.core.model.exchange_time import new_york_date
from tradebot.errors import Blocked
from tradebot.market.calendar import NyseCalendar
from tradebot.ports import Clock
from tradebot.settings.endpoints import Endpoint

CALENDAR = NyseCalendar()


class GrantedToken:
    """A token that the fake has granted and that nothing renews."""

    noun = "the session"

    def __init__(self, access: str) -> None:
        self._access = access

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._access}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        return False

    def refusal(self, message: str) -> Blocked:
        return Blocked(message)


def api_of(fake: FakeRobinhood, patience: Timeouts = Timeouts(), token: str | None = None) -> Api:  # noqa: B008 - frozen
    """What asks the fake, with ``token`` or one that it has just granted. Pauses pass at once."""
    client = Client(Endpoint(fake.url, "ROBINHOOD_BASE_URL"), patience)
    access = GrantedToken(fake.grant().access if token is None else token)
    return Api(client, access, parse_response, RateLimiter(1_000_000), Unhurried(), patience)


def broker_of(
    fake: FakeRobinhood,
    clock: Clock,
    folder: Path | None = None,
    *,
    account: str | None = None,
    strategies: Iterable[str] = (),
    must_record: bool = True,
    patience: Timeouts = Timeouts(),  # noqa: B008 - frozen
) -> RobinhoodBroker:
    """The adapter before the fake, as one command has it; with a ``folder`` as one of several commands of a home."""
    api = api_of(fake, patience)
    listings = Listings(api)

    def quotes(symbols: Iterable[str]) -> Mapping[str, Quote]:
        read = read_quotes(listings, symbols, new_york_date(clock.now()))
        return {each.symbol: Quote(each.symbol, each.last, each.at, each.previous_close) for each in read.values()}

    def sessions(day: date) -> tuple[date, ...]:
        return (day, CALENDAR.previous(day).session)

    sent = None if folder is None else folder / "sent_orders"
    names = tuple(strategies)
    around = Surroundings(clock, quotes, folder, sent, lambda: names, sessions, must_record)
    instruments = InstrumentBook(api, JsonCache(folder, "robinhood", "instruments", api.endpoint.host), clock)
    login = Login(api, api, account_number(fake) if account is None else account)
    return RobinhoodBroker(login, around, Decimal("0.01"), instruments)


def account_number(fake: FakeRobinhood) -> str:
    """The number of the account that the fake has."""
    with fake._exchange() as exchange, fake.house.looking(exchange) as view:
        return view.names.account_number
