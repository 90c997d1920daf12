"""The adapter before the server on this machine, as a command has it."""

from __future__ import annotations

from tests.fakes.alpaca.server import KEY_ID, SECRET_KEY, FakeAlpaca
from tradebot.brokers.alpaca.authorisation import KeyHeaders, Keys
from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.settings.endpoints import Endpoint


class Unhurried:
    """A pause that passes at once: what is waited for is time that only the clock of the requests knows."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    def monotonic(self) -> float:
        return sum(self.waited)


def api_of(fake: FakeAlpaca, patience: Timeouts = Timeouts(), most: int = 1_000_000) -> Api:  # noqa: B008 - frozen
    """What asks the server; ``most`` requests a minute, of a minute that passes only by waiting."""
    endpoint = Endpoint(fake.url, "ALPACA_BASE_URL")
    client, keys = Client(endpoint, patience), KeyHeaders(Keys(KEY_ID, SECRET_KEY))
    return Api(client, keys, parse_response, RateLimiter(most), Unhurried(), patience)


def broker_of(fake: FakeAlpaca) -> AlpacaBroker:
    return AlpacaBroker(api_of(fake), "paper")
