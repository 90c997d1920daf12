"""Entries that are not filled whole in their time, at the embedded exchange: nothing waits there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.thin_market import fills_at_most
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.errors import ExitCode, OutcomeUnknown, Stopped
from tradebot.jobs import run_daily
from tradebot.jobs.steps.overdue_entries import end_overdue
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)


class Deaf(Around):
    """No cancel arrives, and no answer comes."""

    def cancel(self, broker_order_id: str) -> None:
        raise OutcomeUnknown("the connection was cut after it had been sent")


def thin(broker: Broker) -> Broker:
    """Ten shares fill in a session."""
    assert isinstance(broker, PaperBroker)
    fills_at_most(broker._exchange, 10)
    return broker


def entering(make_house: MakeHouse) -> House:
    return make_house(Script(enter={"ACME": [SECOND]}))


def test_run_daily_ends_what_does_not_fill_and_protects_what_did(make_house: MakeHouse) -> None:
    house = entering(make_house)
    outcome = house.daily(wrap=thin)
    assert house.stops() == [(Decimal(10), Decimal("90.00"))]
    lines = {line.purpose: (line.state, line.filled_quantity) for line in outcome.orders}
    assert lines[Purpose.ENTRY] == (OrderState.CANCELLED, Decimal(10))
    assert (outcome.unprotected, outcome.exit_code) == (Decimal(0), ExitCode.OK)


def test_the_next_job_ends_an_entry_whose_cancel_did_not_arrive(make_house: MakeHouse) -> None:
    house = entering(make_house)
    outcome = house.daily(wrap=lambda broker: Deaf(thin(broker)))
    assert outcome.unprotected == 1000
    assert house.stops() == [(Decimal(50), Decimal("90.00"))], "the leg that waits for the entry"
    house.check_exits(wrap=thin)
    assert house.stops() == [(Decimal(10), Decimal("90.00"))]


def test_an_entry_in_its_time_is_left_alone_where_nothing_of_it_is_bare(make_house: MakeHouse) -> None:
    house = entering(make_house)
    house.daily(wrap=lambda broker: Deaf(thin(broker)))
    with house.desk("09:35", thin) as desk:
        assert desk.ledger.orders.open_entries(sent_by=desk.clock.now()) != ()
        settings = replace(desk.settings, entry_fill_seconds=180)
        assert not end_overdue(replace(desk, settings=settings)).has_lines


class StoppedAfterOne:
    """^C comes once an order has been sent."""

    def __init__(self) -> None:
        self.checks = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks > 1:
            raise Stopped(ExitCode.INTERRUPTED)


def test_after_control_c_what_was_bought_has_its_stop(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    with house.desk("09:35", thin) as desk, pytest.raises(Stopped):
        run_daily.run(replace(desk, stop=StoppedAfterOne()))
    assert house.stops("ACME") == [(Decimal(10), Decimal("90.00"))]
    assert "BOLT" not in house.positions()
