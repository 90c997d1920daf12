"""A home with two positions, and what happens to it from outside."""

from __future__ import annotations

from datetime import date

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.results.stop_outcome import StopOutcome

SECOND = date(2007, 1, 4)
TWO = Script(enter={"ACME": [SECOND], "BOLT": [SECOND]})


def told(outcome: StopOutcome) -> list[tuple[str, str, str]]:
    """What is said to have become of each order and position."""
    return sorted((line.what, line.symbol, line.result) for line in outcome.lines)


def holding_two(make_house: MakeHouse) -> House:
    """A home that holds 50 ACME and 50 BOLT, bought at 100, each with a stop at 90; it is 09:35."""
    made = make_house(TWO)
    made.daily()
    return made


def buy_by_hand(house: House, symbol: str, quantity: int) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests(symbol).buy(quantity, client_id=f"my {symbol}"))
