"""What asks the server on this machine, as a command does."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.alpaca.client import Unhurried
from tests.fakes.robinhood.server import FakeRobinhood
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.errors import Blocked
from tradebot.settings.endpoints import Endpoint


class GrantedToken:
    """A token that the fake has granted and that nothing renews."""

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
