"""A symbol is halted: its session has volume 0. Nothing fills where nothing traded, and nothing that rests is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import OrderState, Purpose

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
HALTED = "100 100 100 100 0"
HALTED_LOWER = "80 80 80 80 0"  # the price that a source gives for the halted session does not count either
FIFTY_AT_90 = [(Decimal(50), Decimal("90.00"))]


def home(make_house: MakeHouse, *bars: str, leave: tuple[date, ...] = ()) -> House:
    """A home whose strategy enters ACME at 100 on the second session."""
    return make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": leave}), prices={"ACME": [FLAT, *bars]})


def test_an_entry_does_not_fill_while_its_symbol_is_halted(make_house: MakeHouse) -> None:
    house = home(make_house, HALTED, HALTED, FLAT)
    house.daily()
    house.check_exits("15:45")
    house.passes("16:05")
    assert house.positions() == {}
    assert house.rows("SELECT * FROM fills") == []
    entry = house.order(house.id(1, Purpose.ENTRY))
    assert entry is not None
    assert entry.filled_quantity == 0


def test_an_exit_waits_expires_as_any_and_is_sent_again_by_the_next_job(make_house: MakeHouse) -> None:
    house = home(make_house, FLAT, HALTED, "101 102 100 101", FLAT, leave=(THIRD, FOURTH))
    house.daily()
    assert house.stops() == FIFTY_AT_90
    house.next()
    house.daily()
    (waiting,) = house.open_orders()
    assert waiting.client_order_id == house.id(2, Purpose.EXIT)
    assert waiting.filled_quantity == 0
    house.passes("16:05")
    expired = house.order(house.id(2, Purpose.EXIT))
    assert expired is not None
    assert expired.state is OrderState.EXPIRED
    assert house.positions()["ACME"].quantity == 50
    house.next()
    house.daily()
    assert house.positions() == {}
    (sale,) = house.rows("SELECT * FROM fills WHERE side = 'sell'")
    assert Decimal(sale["price"]) == 101


def test_a_stop_neither_fills_nor_vanishes_and_is_filled_by_the_next_trade(make_house: MakeHouse) -> None:
    house = home(make_house, FLAT, HALTED_LOWER, HALTED_LOWER, "85 86 84 85")
    house.daily()
    for _ in range(2):
        house.next()
        house.daily()
        house.check_exits("15:45")
        assert house.stops() == FIFTY_AT_90
        assert house.positions()["ACME"].quantity == 50
        assert house.positions()["ACME"].market_price == 100  # at which it traded last
    house.next()
    house.daily()
    assert house.positions() == {}
    (sale,) = house.rows("SELECT * FROM fills WHERE side = 'sell'")
    assert Decimal(sale["price"]) == 85
