"""Opens embedded exchanges, and venues for the contract, that are closed again when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.brokers.contract import DECLARED, LIVE, QUIET, AlpacaVenue, LiveVenue, PaperVenue, RobinhoodVenue, Venue
from tests.fakes import robinhood
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


@pytest.fixture(params=list(DECLARED))
def venue(request: pytest.FixtureRequest, pit: OpenPit, tmp_path: Path) -> Iterator[VenueOf]:
    """Makes a venue that has played one quiet day and stands before the open of the first of the given days.

    Alpaca's newest specification tells which orders form a group; its servers may not yet. Robinhood shows some orders
    without the id that they were sent under. A case that needs what the broker declares to lack is skipped.
    """
    kind = request.param
    needed = [name for marker in request.node.iter_markers("needs") for name in marker.args]
    if lacking := [name for name in needed if not getattr(DECLARED[kind], name)]:
        pytest.skip(f"{kind} declares to lack {', '.join(lacking)}")
    with ExitStack() as stack:

        def open_venue(*days: str) -> Venue:
            every = [QUIET, *days]
            made_pit = pit(made({"ACME": every}))
            made_pit.next("09:00")
            if kind == LIVE:
                opened = _live_venue(made_pit, every, stack, tmp_path)
            else:
                opened = _venue(kind, made_pit, stack, tmp_path)
            assert opened.broker.capabilities == DECLARED[kind]
            return opened

        yield open_venue


def _live_venue(outside: Pit, days: Sequence[str], stack: ExitStack, folder: Path) -> Venue:
    venue = LiveVenue(folder, days, outside.broker)
    stack.callback(venue.close)
    return venue


def _venue(kind: str, pit: Pit, stack: ExitStack, folder: Path) -> Venue:
    match kind:
        case "paper":
            return PaperVenue(pit)
        case "alpaca" | "alpaca with groups":
            terms = Terms(groups=kind == "alpaca with groups")
            return AlpacaVenue(pit, stack.enter_context(FakeAlpaca(pit.again, terms=terms)))
        case _:
            house = robinhood.Terms(slow_cancels=0, null_refs=kind == "robinhood without ref_ids")
            return RobinhoodVenue(pit, stack.enter_context(robinhood.FakeRobinhood(pit.again, terms=house)), folder)
