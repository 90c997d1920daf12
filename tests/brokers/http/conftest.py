"""A broker's API that points at a server of the test's own, and time that passes only by sleeping."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.wilful_server import Server, serving
from tradebot.brokers.alpaca.authorisation import KeyHeaders, Keys
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.ports import SendGuard
from tradebot.settings.endpoints import Endpoint

KEY_ID, SECRET = "PKCANARY000000000001", "Canary/SecretThatNobodyMaySee+0123456789"
#: For servers that answer, however busy the machine is, and for those that keep somebody waiting.
AMPLE = Timeouts(connect=10, idle=10, response=20)
QUICK = Timeouts(connect=10, idle=0.15, response=0.3)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as at_work:
        yield at_work


class StoppedPause:
    """Time that passes only by sleeping, all of it kept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def pause() -> StoppedPause:
    return StoppedPause()


def api_at(
    url: str,
    pause: StoppedPause,
    timeouts: Timeouts = AMPLE,
    rate_limiter: RateLimiter | None = None,
    guard: SendGuard | None = None,
) -> Api:
    client, keys = Client(Endpoint(url, "ALPACA_BASE_URL"), timeouts), KeyHeaders(Keys(KEY_ID, SECRET))
    return Api(client, keys, parse_response, rate_limiter or RateLimiter(), pause, timeouts, guard)


@pytest.fixture
def api(server: Server, pause: StoppedPause) -> Api:
    return api_at(server.url, pause)
