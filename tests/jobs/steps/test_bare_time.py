"""How long positions were bare, as jobs record and tell it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.errors import OutcomeUnknown
from tradebot.jobs import report, status

SECOND = date(2007, 1, 4)


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home that has bought 50 ACME at 100 with a stop at 90, at 09:35."""
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    return house


class NoStops(Around):
    """The broker takes no stop."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        raise OutcomeUnknown("timed out")


def cancel_the_stop(house: House, at: str) -> None:
    house.passes(at)
    with house.by_hand() as broker:
        for order in broker.open_orders():
            broker.cancel(order.broker_order_id)


def periods(house: House) -> list[tuple[str, str, str, str | None]]:
    rows = house.rows("SELECT * FROM bare_periods ORDER BY period_id")
    return [
        (row["shares"], row["dollars"], row["began_at"][11:16], row["ended_at"] and row["ended_at"][11:16])
        for row in rows
    ]


def test_a_protected_position_has_none(house: House) -> None:
    house.check_exits("10:15")
    assert periods(house) == []


def test_a_stop_that_was_cancelled_by_hand_leaves_the_shares_bare_since_the_look_before(house: House) -> None:
    cancel_the_stop(house, "09:50")
    house.check_exits("10:15")
    assert periods(house) == [("50", "5000", "14:35", "15:15")]


def test_what_stays_bare_is_one_period_over_jobs_and_told_by_status_and_report(house: House) -> None:
    cancel_the_stop(house, "09:50")
    for at in ("10:15", "10:30"):
        house.check_exits(at, wrap=NoStops)
    assert periods(house) == [("50", "5000", "14:35", None)]
    with house.desk("10:40") as desk:
        (line,) = status.run(desk, "").bare
        assert (line.symbol, line.ended_at) == ("ACME", None)
        assert (line.shares, line.dollars) == (Decimal(50), Decimal(5000))
        assert line.seconds == 65 * 60
        (told,) = report.run(desk, AskedPeriod(Period.DAY)).bare
        assert told == line
    house.check_exits("10:45")
    assert periods(house) == [("50", "5000", "14:35", "15:45")]


def test_status_tells_what_no_job_has_seen_yet_and_stores_nothing(house: House) -> None:
    cancel_the_stop(house, "09:50")
    with house.desk("10:40") as desk:
        (line,) = status.run(desk, "").bare
    assert (line.symbol, line.seconds, line.ended_at) == ("ACME", Decimal(65 * 60), None)
    assert periods(house) == []


def test_reconcile_records_it_too_and_a_sale_by_hand_ends_it(house: House) -> None:
    cancel_the_stop(house, "09:50")
    house.reconcile("10:00")
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").sell(50, client_id="mine"))
    house.check_exits("11:00")
    assert periods(house) == [("50", "5000", "14:35", "15:00")]


def test_an_exit_whose_stop_is_not_cancelled_leaves_nothing_bare(make_house: MakeHouse) -> None:
    class Deaf(Around):
        def cancel(self, broker_order_id: str) -> None:
            return

    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [date(2007, 1, 5)]}))
    house.daily()
    house.next()
    house.check_exits("10:15", wrap=Deaf)
    assert periods(house) == [("50", "5000", "15:15", "15:15")]
    assert house.stops() == [(Decimal(50), Decimal("90.00"))]
