"""A run that loses the broker on its way says what is known of its orders and what is not."""

from __future__ import annotations

from datetime import date

import pytest

from tests.jobs.brokers import Around, LosesRequests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, Purpose
from tradebot.errors import BrokerUnavailable, ExitCode

SECOND = date(2007, 1, 4)


class CutAtTheFirstOrder(Around):
    """The order arrives and rests, and from then on nothing is heard of the broker."""

    is_cut = False

    def before(self, call: str, asked: object = None) -> None:
        if self.is_cut:
            raise BrokerUnavailable(f"{call}: no route to host")

    def submit(self, request: OrderRequest) -> BrokerOrder:
        order = super().submit(request)
        self.is_cut = True
        return order


def test_an_order_that_arrived_is_told_as_it_was_last_seen(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    with pytest.raises(BrokerUnavailable, match="no route to host") as cut:
        house.daily(wrap=CutAtTheFirstOrder)
    told = "\n".join(cut.value.__notes__)
    assert "known: every order that was sent is at the broker" in told
    assert "the next run asks the broker for all of this first" in told

    assert house.daily().exit_code is ExitCode.OK
    assert house.positions()["ACME"].quantity == 50


def test_an_order_that_nobody_saw_arrive_is_named(make_house: MakeHouse) -> None:
    class CutAfterwards(LosesRequests):
        def before(self, call: str, asked: object = None) -> None:
            if call == "clock" or not self.lost:
                return
            raise BrokerUnavailable(f"{call}: no route to host")

        lost = False

        def submit(self, request: OrderRequest) -> BrokerOrder:
            self.lost = True
            return super().submit(request)

    house = make_house(Script(enter={"ACME": [SECOND]}))
    with pytest.raises(BrokerUnavailable) as cut:
        house.daily(wrap=CutAfterwards)
    lost = house.id(1, Purpose.ENTRY)
    assert f"not known: what became of entry: buy 50 ACME ({lost})" in cut.value.__notes__

    assert house.daily().exit_code is ExitCode.OK
    assert house.positions()["ACME"].quantity == 50
