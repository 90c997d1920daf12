"""An emergency stop at Robinhood without ledger and without the file of sent orders: the ids are worked out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.fakes.orders import Requests
from tests.fakes.robinhood import FakeRobinhood, Kind, Terms
from tests.fakes.robinhood.client import broker_of
from tests.jobs.conftest import MakeHouse
from tests.jobs.emergency_stop.stopping import sales
from tests.jobs.house import ACCOUNT, FLAT, Script, Wrap
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.errors import ExitCode
from tradebot.ports import Broker
from tradebot.runtime.clocks import ExchangeClock

SECOND = date(2007, 1, 4)
TWO = {"ACME": [FLAT] * 6, "BOLT": [FLAT] * 6}


def through(fake: FakeRobinhood, folder: Path) -> Wrap:
    """The adapter before the fake, with the account key of the home."""

    def wrap(broker: Broker) -> Broker:
        assert isinstance(broker, PaperBroker)
        exchange = broker._exchange
        assert isinstance(exchange, PaperExchange)
        adapter = broker_of(fake, ExchangeClock(exchange), folder, strategies=["scripted"])
        adapter._ids._account_key = ACCOUNT
        return adapter

    return wrap


def test_it_sells_what_is_ours_and_nothing_else_with_ledger_and_file_deleted(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={symbol: [SECOND] for symbol in TWO}), prices=TWO)
    folder = house.home / "state"
    with FakeRobinhood(house.exchange, terms=Terms(slow_cancels=2)) as fake:
        house.daily(wrap=through(fake, folder))
        bought = {symbol: held.quantity for symbol, held in house.positions().items()}
        house.database.unlink()
        (folder / "sent_orders").unlink()
        for cached in folder.glob("robinhood_orders*"):
            cached.unlink()
        fake.strike(Kind.GATEWAY_TIMEOUT, method="POST", path="/orders/")
        outcome = house.emergency_stop(close=True, wrap=through(fake, folder))
    assert outcome.exit_code is ExitCode.OK, outcome
    assert set(bought) == set(TWO)
    assert dict(sales(house)) == bought
    assert len(sales(house)) == len(bought)
    assert (house.positions(), house.open_orders("ACME"), house.open_orders("BOLT")) == ({}, (), ())


def test_a_persons_shares_and_orders_stay(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}), prices=TWO)
    folder = house.home / "state"
    with FakeRobinhood(house.exchange) as fake:
        house.daily(wrap=through(fake, folder))
        with house.by_hand() as broker:
            broker.submit(Requests("BOLT").buy(5, client_id="my shares"))
            broker.submit(Requests("BOLT").sell(5, stop="80", client_id="my stop"))
        house.database.unlink()
        (folder / "sent_orders").unlink()
        outcome = house.emergency_stop(close=True, wrap=through(fake, folder))
    assert outcome.exit_code is ExitCode.OK, outcome
    assert {symbol: held.quantity for symbol, held in house.positions().items()} == {"BOLT": Decimal(5)}
    assert house.stops("BOLT") == [(Decimal(5), Decimal(80))]
