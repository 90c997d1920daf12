"""The adapter before a server that speaks as Robinhood does, over an exchange of the embedded kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.contract import QUIET
from tests.fakes.pit import FREE, ExchangeTime, Pit
from tests.fakes.prices import made
from tests.fakes.robinhood import Arrival, FakeRobinhood, Terms
from tests.fakes.robinhood.client import api_of, broker_of
from tradebot.brokers.http.api import Api
from tradebot.brokers.robinhood.broker import RobinhoodBroker
from tradebot.core.model.account import CorporateAction


class Desk:
    """An exchange that has played one quiet day, the fake over it, and what asks it."""

    def __init__(self, pit: Pit, fake: FakeRobinhood, folder: Path) -> None:
        self.pit = pit
        self.fake = fake
        self.folder = folder
        self.clock = ExchangeTime(pit)
        self.api: Api = api_of(fake)
        self.broker = self.command()

    def command(self, **given: Any) -> RobinhoodBroker:
        """The adapter as another command of the same home has it."""
        return broker_of(self.fake, self.clock, self.folder, **given)

    @property
    def asked(self) -> list[str]:
        """The requests so far, "GET /orders/"."""
        return [f"{arrival.method} {arrival.path}" for arrival in self.requests]

    @property
    def requests(self) -> Sequence[Arrival]:
        return self.fake.requests

    def forget(self) -> None:
        """Begin to count requests."""
        self.fake.served.clear()


MakeDesk = Callable[..., Desk]


@pytest.fixture
def robinhood(tmp_path: Path) -> Iterator[MakeDesk]:
    """Makes a desk five minutes after the open of the first of the given days, for each of ``symbols``."""
    with ExitStack() as stack:

        def make(
            *days: str,
            at: str = "09:35",
            symbols: tuple[str, ...] = ("ACME",),
            actions: tuple[CorporateAction, ...] = (),
            terms: Terms | None = None,
        ) -> Desk:
            prices = made({symbol: [QUIET, *(days or (QUIET,))] for symbol in symbols}, actions)
            pit = Pit(tmp_path / "exchange.db", prices, FREE)
            stack.callback(lambda: pit.exchange.close())
            pit.next(at)
            return Desk(pit, stack.enter_context(FakeRobinhood(pit.again, terms=terms)), tmp_path)

        yield make
