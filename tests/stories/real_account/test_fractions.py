"""A fraction of a share that the broker does not trade: the whole shares are sold, and none stays bare for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.account import Asset
from tradebot.core.model.orders import TimeInForce
from tradebot.errors import ExitCode
from tradebot.jobs import adopt
from tradebot.jobs.adopt import Adoption

LEFT = Decimal("0.5")


@pytest.fixture
def account(make_house: MakeHouse) -> Iterator[AtAlpaca]:
    """40.5 shares at 100 in a strategy's care with a stop at 90 over 40; from the third session on they cost 85."""
    bars = [FLAT, FLAT, *["85 86 84 85"] * 6]
    house = make_house(Script(symbols=("BOLT",)), prices={"BOLT": bars})
    house.passes("09:31")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy("40.5", tif=TimeInForce.DAY, client_id="years ago"))
    with at_alpaca(house) as account:
        account.daily()
        with house.desk() as desk:
            wanted = Adoption("BOLT", "scripted", Decimal(90), "it fits the strategy")
            adopt.run(replace(desk, broker=broker_of(account.fake)), wanted)
        account.check_exits("10:15")
        assert house.stops("BOLT") == [(Decimal(40), Decimal(90))]
        account.fake.house.terms.assets["BOLT"] = {"fractionable": False}
        yield account


def test_a_price_beyond_a_missing_stop_sells_the_whole_shares(account: AtAlpaca) -> None:
    with account.house.by_hand() as broker:
        broker.cancel_all()
    account.house.next()
    account.daily()
    assert account.house.positions()["BOLT"].quantity == LEFT


def test_an_emergency_stop_closes_the_whole_shares_and_tells_of_the_rest(account: AtAlpaca) -> None:
    assert broker_of(account.fake).assets(["BOLT"])["BOLT"] == Asset("BOLT", tradable=True, fractionable=False)
    asked: list[str] = []
    account.happens = lambda arrival: asked.append(arrival.path)
    outcome = account.emergency_stop(close=True)
    assert asked.count("/v2/positions") < 8, "it does not wait for what nobody takes"
    assert account.house.positions()["BOLT"].quantity == LEFT
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert any("a fraction of a share that the broker does not sell" in line.detail for line in outcome.lines)
