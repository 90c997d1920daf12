"""Opens embedded exchanges, and venues for the contract, that are closed again when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.brokers.contract import QUIET, AlpacaVenue, PaperVenue, Venue
from tests.fakes.alpaca import FakeAlpaca, Terms
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tests.market.conftest import actions_file, bars_file, clock_at
from tradebot.brokers.paper import ExchangeRules
from tradebot.ports import PriceSource

__all__ = ["actions_file", "bars_file", "clock_at", "pit", "venue"]

OpenPit = Callable[..., Pit]
VenueOf = Callable[..., Venue]


@pytest.fixture
def pit(tmp_path: Path) -> Iterator[OpenPit]:
    """Opens an exchange over prices; trading is free of costs unless rules say otherwise."""
    with ExitStack() as stack:
        count = 0

        def open_pit(prices: PriceSource, rules: ExchangeRules = FREE) -> Pit:
            nonlocal count
            count += 1
            opened = Pit(tmp_path / f"exchange{count}.db", prices, rules)
            stack.callback(lambda: opened.exchange.close())
            return opened

        yield open_pit


@pytest.fixture(params=["paper", "alpaca", "alpaca with groups"])
def venue(request: pytest.FixtureRequest, pit: OpenPit) -> Iterator[VenueOf]:
    """Makes a venue that has played one quiet day and stands before the open of the first of the given days.

    Alpaca's newest specification tells which orders form a group; its servers may not yet.
    """
    with ExitStack() as stack:

        def paper(*days: str) -> Venue:
            return PaperVenue(pit_before(days))

        def alpaca(*days: str) -> Venue:
            pit = pit_before(days)
            terms = Terms(groups=request.param == "alpaca with groups")
            return AlpacaVenue(pit, stack.enter_context(FakeAlpaca(pit.again, terms=terms)))

        def pit_before(days: Iterable[str]) -> Pit:
            made_pit = pit(made({"ACME": [QUIET, *days]}))
            made_pit.next("09:00")
            return made_pit

        yield paper if request.param == "paper" else alpaca
