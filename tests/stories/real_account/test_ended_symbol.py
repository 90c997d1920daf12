"""A company is bought for cash, or its stock is delisted: the holding ends, and no job is stuck on it afterwards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.errors import ExitCode

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


def home(make_house: MakeHouse, action: str) -> House:
    """A home that holds 50 BUYO, bought at 100 with a stop at 90; its bars end, and those of ACME go on."""
    prices = {"BUYO": [FLAT, FLAT], "ACME": [FLAT] * 5}
    house = make_house(Script(enter={"BUYO": [SECOND]}), prices=prices, actions=[action])
    house.daily()
    assert house.positions()["BUYO"].quantity == 50
    return house


@pytest.mark.parametrize(
    ("action", "reason", "pnl"),
    [
        (f"BUYO,{THIRD},cash_merger,110", "merger for cash", "500"),
        (f"BUYO,{THIRD},delisting,", "delisting", "0"),
        (f"BUYO,{THIRD},delisting,0", "delisting", "-5000"),
    ],
)
def test_a_holding_ends_for_cash(make_house: MakeHouse, action: str, reason: str, pnl: str) -> None:
    house = home(make_house, action)
    house.set(DAILY_LOSS_LIMIT_PCT="20%", EMERGENCY_STOP_LOSS_PCT="30%")
    for _ in range(3):
        house.next()
        outcome = house.daily()
        assert outcome.exit_code is ExitCode.OK
        assert outcome.breaks == ()
        assert outcome.unprotected == 0
        assert house.check_exits("15:45").exit_code is ExitCode.OK
    assert house.positions() == {}
    assert house.holding("BUYO") is None
    (trade,) = house.rows("SELECT exit_reason, pnl FROM trades")
    assert (trade["exit_reason"], Decimal(trade["pnl"])) == (reason, Decimal(pnl))
    assert house.reconcile().exit_code is ExitCode.OK
