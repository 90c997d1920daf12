"""A split that no activity tells of, or only days later: the announcement and the shares explain each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca.client import broker_of
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tests.stories.real_account.reorganised import BOUGHT, Reorganised, reorganised, splitting_home
from tradebot.core.model.account import ActionKind
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.runtime.emergency_stop import StopOptions, open_stop_desk


def until_ex_date(account: Reorganised) -> None:
    account.daily()
    account.house.next()
    account.daily()
    account.withhold("SPLIT")
    account.house.next()
    account.cancel_orders()  # as Alpaca does with orders of a symbol that splits


def test_an_announced_split_is_booked_on_its_ex_date_and_its_stop_rests_again(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        outcome = account.daily()
        assert outcome.exit_code is ExitCode.OK, outcome.failures
        assert account.breaks() == ()
        assert account.stops("ACME") == [(Decimal(100), Decimal(45))]
        assert outcome.unprotected == 0
        held = account.house.holding()
        assert held is not None
        assert (held.quantity, held.entry_price, held.stop_price) == (Decimal(100), Decimal(50), Decimal(45))
        assert any("an announced split made 100 shares of 50" in note for note in outcome.notes)


def test_the_row_that_comes_days_later_changes_nothing(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        account.daily()
        account.house.next()
        account.house.next()
        account.withhold()
        assert account.daily().exit_code is ExitCode.OK
        assert account.breaks() == ()
        assert account.positions()["ACME"].quantity == 100
        assert [row["ratio"] for row in account.house.rows("SELECT ratio FROM corporate_actions")] == ["2"]
        held = account.house.holding()
        assert held is not None and held.quantity == 100


def test_an_emergency_stop_counts_a_split_once_whose_row_came_after_it_was_booked(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        account.daily()
        account.withhold()
        with open_stop_desk(account.house.options, StopOptions("a drill")) as (desk, _, _):
            outcome = emergency_stop.run(replace(desk, broker=broker_of(account.fake)), close_positions=True)
        assert outcome.exit_code is ExitCode.OK, outcome
        assert account.positions() == {}


@pytest.mark.parametrize("sold", [40, 100])
def test_shares_that_were_sold_since_the_ex_date_are_on_its_basis(make_house: MakeHouse, sold: int) -> None:
    """As by a stop at the open, before a job has seen the split."""
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        account.trade(sell=sold)
        assert account.daily().exit_code is ExitCode.OK
        assert account.breaks() == ()
        assert account.stops("ACME") == ([(Decimal(60), Decimal(45))] if sold == 40 else [])
        trades = account.house.rows("SELECT * FROM trades WHERE reverses IS NULL ORDER BY seq DESC")
        assert (trades[0]["quantity"], trades[0]["entry_price"]) == (str(sold), "50")
        assert account.findings() == ()


def test_a_split_that_a_row_told_is_not_booked_again(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        until_ex_date(account)
        account.withhold()
        assert account.daily().exit_code is ExitCode.OK
        account.house.next()
        assert account.daily().exit_code is ExitCode.OK
        assert len(account.house.rows("SELECT * FROM corporate_actions")) == 1


def test_a_person_who_sells_half_on_the_day_of_a_reverse_split_is_no_split(make_house: MakeHouse) -> None:
    """The shares fit the split, and the average price did not move."""
    with reorganised(make_house(Script(enter={"ACME": [BOUGHT]}))) as account:
        account.daily()
        account.house.next()
        account.announce(ActionKind.SPLIT, date(2007, 1, 5), "0.5")
        account.withhold("FILL")
        account.cancel_orders()
        account.trade(sell=25)
        account.check_exits("10:15")
        assert account.house.rows("SELECT * FROM corporate_actions") == []
        assert [each.kind for each in account.breaks() if each.symbol == "ACME"] == [BreakKind.QUANTITY]
        assert account.stops("ACME") == [(Decimal(25), Decimal(90))]


def test_nothing_is_booked_before_the_ex_date(make_house: MakeHouse) -> None:
    with reorganised(splitting_home(make_house)) as account:
        account.daily()
        account.house.next()
        outcome = account.run(Job.RECONCILE, "10:00")
        assert outcome.exit_code is ExitCode.OK
        assert account.house.rows("SELECT * FROM corporate_actions") == []
