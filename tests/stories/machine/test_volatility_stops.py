"""Stops and targets that a strategy gives symbol by symbol, from the signal to the orders that rest at a broker."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.orders import Purpose

#: Wants every symbol each session; the stop is twice the newest bar's range, the target three times.
CODE = """\
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        close = history.close
        spread = (history.high - history.low) / close
        return Signals(
            entry=close > 0,
            exit=close < 0,
            exits=ExitPolicy(stop=Decimal("0.5")),
            stop=2 * spread.assign(CASK=float("nan")),
            target=3 * spread,
            reason="told to enter",
        )
"""
#: A range of 2 % and one of 4 % of the close; CASK's stop is no number; DELI's range is nothing.
BARS = {"ACME": "100 101 99 100", "BOLT": "100 102 98 100", "CASK": "100 101 99 100", "DELI": "100 100 100 100"}


def wild(make_house: MakeHouse) -> House:
    return make_house(Script(code=CODE), prices={symbol: [bar] * 6 for symbol, bar in BARS.items()})


def test_each_entry_rests_with_the_stop_and_target_of_its_own_volatility(make_house: MakeHouse) -> None:
    house = wild(make_house)
    outcome = house.daily()
    assert {line.symbol for line in outcome.orders if line.purpose is Purpose.ENTRY} == {"ACME", "BOLT"}
    assert dict.fromkeys(house.positions(), 1) == {"ACME": 1, "BOLT": 1}
    legs = house.rows("SELECT symbol, role, stop_price, limit_price FROM broker_orders WHERE role != 'entry'")
    prices = {(leg["symbol"], leg["role"]): Decimal(leg["stop_price"] or leg["limit_price"]) for leg in legs}
    assert prices == {
        ("ACME", "stop"): 96,
        ("ACME", "target"): 106,
        ("BOLT", "stop"): 92,
        ("BOLT", "target"): 112,
    }


def test_an_entry_whose_stop_is_no_fraction_is_denied_alone_and_told(make_house: MakeHouse) -> None:
    house = wild(make_house)
    house.daily()
    denied = house.rows("SELECT symbol, code, value, limit_value, session FROM decisions WHERE outcome = 'denied'")
    told = {(row["symbol"], row["code"], row["value"], row["limit_value"]) for row in denied}
    assert told == {
        ("CASK", "INVALID_STOP", None, "1"),
        ("DELI", "INVALID_STOP", "0", "1"),
        ("DELI", "INVALID_TARGET", "0", "1000"),
    }
    assert {row["session"] for row in denied} == {date(2007, 1, 4).isoformat()}
