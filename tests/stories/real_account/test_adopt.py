"""A position that its owner has held for years comes into a strategy's care, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode, UsageError
from tradebot.jobs import adopt
from tradebot.jobs.adopt import Adoption

THIRD = date(2007, 1, 5)


def adopted(account: AtAlpaca, stop: str) -> Outcome:
    with account.house.desk() as desk:
        wanted = Adoption("BOLT", "scripted", Decimal(stop), "it fits the strategy")
        return adopt.run(replace(desk, broker=broker_of(account.fake)), wanted)


def test_a_foreign_position_is_adopted_protected_and_left_by_its_strategy(make_house: MakeHouse) -> None:
    house = make_house(Script(leave={"BOLT": [THIRD]}))
    house.passes("09:31")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(40, client_id="years ago"))
        stop = broker.submit(Requests("BOLT").sell(40, stop="80", client_id="my stop"))
    with at_alpaca(house) as account:
        assert account.daily().exit_code is ExitCode.OK
        with pytest.raises(UsageError, match="my stop"):
            adopted(account, "90")
        with house.by_hand() as broker:
            broker.cancel(stop.broker_order_id)
        assert adopted(account, "90").exit_code is ExitCode.OK
        after = account.check_exits("10:15")
        assert (after.exit_code, after.breaks) == (ExitCode.OK, ())
        assert house.stops("BOLT") == [(Decimal(40), Decimal(90))]
        house.next()
        account.daily()
    assert "BOLT" not in house.positions()
    (trade,) = house.rows("SELECT strategy, quantity FROM trades")
    assert trade == {"strategy": "scripted", "quantity": "40"}
