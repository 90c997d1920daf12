"""What somebody else does in the account is told once, and is no break."""

from __future__ import annotations

from datetime import date

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.errors import ExitCode
from tradebot.jobs import status

SECOND = date(2007, 1, 4)


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home that holds ACME, where a person has an order in BOLT."""
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(7, limit="50", client_id="mine"))
    return house


def alerts(house: House) -> list[tuple[str, str]]:
    rows = house.rows("SELECT level, message FROM alerts WHERE title = 'foreign in the account' ORDER BY seq")
    return [(row["level"], row["message"]) for row in rows]


def test_a_foreign_order_is_told_once_and_ends_no_job_with_breaks(house: House) -> None:
    said = "foreign order: buy 7 BOLT limit 50 (mine); it is left alone"
    outcomes = [house.check_exits(), house.reconcile(), house.reconcile()]
    assert [said in outcome.notes for outcome in outcomes] == [True, False, False]
    assert [(outcome.exit_code, outcome.breaks) for outcome in outcomes] == [(ExitCode.OK, ())] * 3
    assert alerts(house) == [("info", f"{said}.")]


def test_one_that_touches_a_symbol_of_ours_is_a_warning(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").buy(1, limit="50", client_id="mine too"))
    house.check_exits()
    level, message = alerts(house)[-1]
    assert level == "warning"
    assert "touches ACME" in message
    assert [(int(shares), int(price or 0)) for shares, price in house.stops()] == [(50, 90)]


def test_foreign_shares_are_told_once_however_many_fills_bring_them(house: House) -> None:
    for number in range(2):
        with house.by_hand() as broker:
            broker.submit(Requests("BOLT").buy(3, client_id=f"more {number}"))
        assert house.check_exits().exit_code is ExitCode.OK
    assert [message for _, message in alerts(house) if "shares" in message] == [
        "foreign shares: 3 BOLT; it is left alone."
    ]


def test_status_lists_what_is_foreign(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(3, client_id="more"))
    house.check_exits()
    with house.desk() as desk:
        told = status.run(desk, "")
    assert "foreign order: buy 7 BOLT limit 50 (mine)" in told.notes
    assert {line.symbol: line.strategy for line in told.positions} == {"ACME": "scripted", "BOLT": "foreign"}
