"""An exit that does not fill at once: no stop is tried beside it, and no share lies without one overnight."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, OrderType, Purpose
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
FIFTY_AT_90 = [(Decimal(50), Decimal("90.00"))]


class NobodyBuys(Around):
    """An exit rests in the market, and no one takes it."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.type is OrderType.MARKET and request.take_profit is None and request.stop_loss is None:
            request = replace(request, type=OrderType.LIMIT, limit_price=Decimal(1000))
        return super().submit(request)


def leaving(make_house: MakeHouse, *bars: str, days: tuple[date, ...] = (THIRD, FOURTH)) -> House:
    """A home that has bought 50 ACME at 100 with a stop at 90, and is told to leave on the days given."""
    prices = {"ACME": [FLAT, FLAT, *(bars or [FLAT] * 4)]}
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": list(days)}), prices=prices)
    house.daily()
    assert house.stops() == FIFTY_AT_90
    house.next()
    return house


def sent(outcome: Outcome) -> list[str]:
    return [line.client_order_id for line in outcome.orders]


def gaps_told(house: House) -> list[str]:
    return [row["detail"] for row in house.rows("SELECT detail FROM audit WHERE kind = 'protection_gap'")]


def test_no_stop_is_tried_while_an_exit_is_selling_the_shares(make_house: MakeHouse) -> None:
    house = leaving(make_house)
    first = house.daily(wrap=NobodyBuys)
    second = house.check_exits("11:00", wrap=NobodyBuys)
    assert (sent(first), sent(second)) == ([house.id(2, Purpose.EXIT)], [])
    assert second.unprotected == Decimal(5000)
    assert second.exit_code is ExitCode.BREAKS
    assert any("has not been filled yet" in failure.message for failure in second.failures)
    assert house.stops() == []


def test_the_last_look_takes_back_what_an_exit_has_not_sold_and_arms_the_stop_again(make_house: MakeHouse) -> None:
    house = leaving(make_house)
    house.daily(wrap=NobodyBuys)
    last = house.check_exits(wrap=NobodyBuys)
    assert house.stops() == FIFTY_AT_90
    assert last.unprotected == Decimal(0)
    assert any("taken back" in gap for gap in gaps_told(house))
    assert any("was taken back" in note for note in last.notes)
    taken_back = house.order(house.id(2, Purpose.EXIT))
    assert taken_back is not None
    assert taken_back.state is OrderState.CANCELLED
    house.next()
    assert house.stops() == FIFTY_AT_90
    house.daily()
    assert (house.positions(), house.stops()) == ({}, [])


def test_an_exit_decided_at_the_last_look_is_taken_back_by_the_same_job(make_house: MakeHouse) -> None:
    house = leaving(make_house)
    last = house.check_exits(wrap=NobodyBuys)
    assert sent(last) == [house.id(2, Purpose.EXIT), house.id(2, Purpose.STOP)]
    assert house.stops() == FIFTY_AT_90


def test_an_exit_stays_until_the_close_where_the_price_is_beyond_the_stop(make_house: MakeHouse) -> None:
    house = leaving(make_house, "100 101 80 80", FLAT)
    house.daily(wrap=NobodyBuys)
    last = house.check_exits(wrap=NobodyBuys)
    assert sent(last) == []
    assert [order.type for order in house.open_orders()] == [OrderType.LIMIT]
    assert last.unprotected == Decimal(4000)
