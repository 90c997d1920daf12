"""Entries that may be at the broker though none of its lists shows them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.fakes.lossy_broker import Fate, Wire
from tests.jobs.conftest import MakeHouse
from tests.jobs.emergency_stop.stopping import sales
from tests.jobs.house import FLAT, Script
from tradebot.errors import ExitCode

SECOND = date(2007, 1, 4)


def test_a_lost_entry_that_no_list_has_is_told_and_ends_with_nine(make_house: MakeHouse) -> None:
    wire = Wire(fates={"ARRV-entry": [Fate.ARRIVES], "NEVR-entry": [Fate.NEVER]}, lags=True)
    script = Script(enter={"ARRV": [SECOND], "NEVR": [SECOND]})
    house = make_house(script, prices={symbol: [FLAT] * 6 for symbol in ("ARRV", "NEVR")})
    house.daily(wrap=wire.around)
    outcome = house.emergency_stop(wrap=wire.around)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert sorted(each.what for each in outcome.failures) == ["ARRV", "NEVR"]
    assert "It may still buy before the close" in outcome.failures[0].message
    wire.lags = False
    outcome = house.emergency_stop(close=True, wrap=wire.around)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert [each.what for each in outcome.failures] == ["NEVR"]
    assert sales(house) == [("ARRV", Decimal(50))]
    house.next()
    assert house.emergency_stop(close=True, wrap=wire.around).exit_code is ExitCode.OK
