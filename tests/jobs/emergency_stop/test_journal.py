"""What a stop did is in its journal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import CopyHouse, holding_acme
from tests.jobs.house import House
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.core.results.stop_entry import StopEntry
from tradebot.errors import OrderRefused


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def test_a_stop_keeps_a_journal_of_each_request(house: House) -> None:
    class Pages(list[StopEntry]):
        trouble = ""

        def write(self, entry: StopEntry) -> None:
            self.append(entry)

    class Refuses(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            raise OrderRefused("halted", "trading is halted")

    pages = Pages()
    house.emergency_stop(close=True, wrap=Refuses, change=lambda desk: replace(desk, journal=pages, timeout=1.0))
    assert [entry.did for entry in pages[:2]] == ["cancel asked for", "close refused"]
    assert pages[1].detail == "trading is halted"
    assert [entry.did for entry in pages[-2:]] == ["still open", "ended with 9"]
    assert [entry.exit_code for entry in pages[-2:]] == [None, 9]
