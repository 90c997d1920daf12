"""A login at the fake Robinhood, its token file, and sessions that use it as commands do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tests.fakes.robinhood import FakeRobinhood
from tests.fakes.robinhood.logins import Pair
from tests.fakes.wire.times import go_to
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.robinhood.auth.session import StoredSession
from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.brokers.robinhood.auth.token_requests import TokenRequests
from tradebot.brokers.robinhood.auth.tokens import Tokens
from tradebot.brokers.robinhood.hosts import account_host
from tradebot.brokers.robinhood.pacing import RequestGap, TokenPace
from tradebot.brokers.robinhood.response_meaning import parse_response

NUMBER = "5QRCANARY1"
#: For a server that answers, and for one that keeps somebody waiting.
AMPLE = Timeouts(connect=10, idle=10, response=20)
QUICK = Timeouts(connect=10, idle=0.15, response=0.3, attempts=1)


class NoPause:
    """Waiting that takes no time, all of it kept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return sum(self.slept)


@dataclass
class Login:
    """A login, and what commands make of it."""

    fake: FakeRobinhood
    pit: Pit
    file: TokenFile
    time: datetime
    pause: NoPause = field(default_factory=NoPause)

    def now(self) -> datetime:
        return self.time

    def go(self, days: float) -> None:
        """Let time go by, at Robinhood and here."""
        self.time += timedelta(days=days)
        go_to(self.pit.exchange, self.time)

    def granted(self, lives: timedelta = timedelta(days=8)) -> Pair:
        """Store a pair that has just been given."""
        self.fake.house.terms.lives = lives.total_seconds()
        pair = self.fake.grant()
        self.file.write(
            Tokens(
                access=pair.access,
                refresh=pair.refresh,
                device=pair.device,
                obtained_at=self.now(),
                expires_at=pair.expires_at,
                account_number=NUMBER,
            )
        )
        return pair

    def requests(self, timeouts: Timeouts = AMPLE) -> TokenRequests:
        return TokenRequests(account_host(self.fake.url), TokenPace(RequestGap(0)), self.pause, timeouts)

    def session(
        self, timeouts: Timeouts = AMPLE, now: Callable[[], datetime] | None = None, lock_seconds: float = 5
    ) -> StoredSession:
        return StoredSession(self.file, self.requests(timeouts), now or self.now, lock_seconds)

    def api(self, session: StoredSession | None = None, timeouts: Timeouts = AMPLE) -> Api:
        """As a command has it: a new session each time."""
        client = Client(account_host(self.fake.url), timeouts)
        used = session or self.session(timeouts)
        return Api(client, used, parse_response, RequestGap(0), self.pause, timeouts)

    def stored(self) -> Tokens:
        return self.file.required()

    def asked(self) -> int:
        """How many requests for tokens there were."""
        return self.fake.asked["POST /oauth2/token/"]


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Login]:
    pit = Pit(tmp_path / "exchange.db", made({"ACME": ["100 101 99 100"] * 12}), FREE)
    with FakeRobinhood(pit.again) as fake:
        yield Login(fake, pit, TokenFile(tmp_path / "state"), pit.exchange.now())
    pit.exchange.close()
