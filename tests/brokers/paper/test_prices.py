"""Price data that grew or changed since an account last looked."""

from __future__ import annotations

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE
from tests.fakes.prices import MadePrices, made, sessions, split
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.errors import ConfigError
from tradebot.market.calendar import NyseCalendar

DAYS = ["100 105 95 101", "101 108 100 107", "90 92 85 91", "91 95 90 94"]
FIRST, SECOND, THIRD, FOURTH = sessions(4)
ACTIONS = [split("ACME", FOURTH, "0.5")]


def test_later_bars_are_taken_in(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS[:2]}))
    world.next("16:00")
    assert world.exchange.status().sessions_left == 0
    world.prices = made({"ACME": DAYS}, ACTIONS)
    world.reopen()
    assert world.exchange.status().sessions_left == 2
    world.next("09:35")
    assert world.exchange.quotes(["ACME"])["ACME"].last == 90


def test_changed_bars_that_are_still_to_come_are_taken_in(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.prices = made({"ACME": [DAYS[0], "50 51 49 50"]})
    world.reopen()
    world.next("09:35")
    assert world.exchange.quotes(["ACME"])["ACME"].last == 50


@pytest.mark.parametrize(
    ("another", "named"),
    [
        (made({"ACME": ["100 105 95 100", *DAYS[1:]]}), "bars of ACME on 2007-01-03"),
        (made({"ACME": [None, *DAYS[1:]]}), "bars of ACME on 2007-01-03"),
        (made({"ACME": DAYS, "OTHER": DAYS}), "bars of OTHER on 2007-01-03"),
        (made({"ACME": DAYS}, [split("ACME", SECOND, "2")]), "actions of ACME on 2007-01-04"),
    ],
)
def test_another_past_is_refused(pit: OpenPit, another: MadePrices, named: str) -> None:
    world = pit(made({"ACME": DAYS}))
    world.next()
    before = world.prices
    world.prices = another
    with pytest.raises(ConfigError, match=f"{named}.*paper reset"):
        world.again()
    world.prices = before
    world.reopen()
    assert world.exchange.session() == SECOND


def test_a_reset_takes_another_past(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.next()
    world.exchange.close()
    world.prices = made({"OTHER": DAYS})
    world.exchange = PaperExchange.reset(world.path, world.prices, NyseCalendar(), FREE)
    assert world.exchange.status().account_id not in ("", "PAPER-0001")
    assert world.exchange.session() == FIRST
    assert not PaperBroker(world.exchange).assets(["ACME"])
