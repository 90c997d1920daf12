"""Rows of the exchange's file that cannot be read."""

from __future__ import annotations

import sqlite3

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.prices import made
from tradebot.errors import BrokerUnavailable

DAYS = ["100 105 95 101", "101 108 100 107", "90 92 85 91", "91 95 90 94"]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE positions SET quantity = 'ten'",
        "UPDATE exchange SET cash = ''",
        "UPDATE exchange SET now = 'yesterday'",
        "UPDATE bars SET open = 'dear'",
        "UPDATE orders SET state = 'lost'",
        "DELETE FROM exchange",
    ],
)
def test_a_row_that_makes_no_sense_is_complained_about(pit: OpenPit, harm: str) -> None:
    world = pit(made({"ACME": DAYS}))
    world.at("09:35")
    world.buy(10, stop_loss="80")
    connection = sqlite3.connect(world.path)
    with connection:
        connection.execute(harm)
    connection.close()
    with pytest.raises(BrokerUnavailable, match="damaged"):
        world.broker.account()
