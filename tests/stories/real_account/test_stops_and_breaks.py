"""A difference locks entries and never protection: at least what both sides explain has its stop, at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca import Kind
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.errors import ExitCode

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
FIFTY_AT_90 = [(Decimal(50), Decimal("90.00"))]


@contextmanager
def holding(make_house: MakeHouse, script: Script | None = None) -> Iterator[AtAlpaca]:
    """A home that holds 50 ACME with a stop at 90."""
    house = make_house(script or Script(enter={"ACME": [SECOND]}))
    with at_alpaca(house) as account:
        account.daily()
        assert house.stops() == FIFTY_AT_90
        yield account


def by_hand_cancel_the_stop_and_sell_half(account: AtAlpaca) -> None:
    with account.house.by_hand() as broker:
        for order in broker.open_orders():
            broker.cancel(order.broker_order_id)
        broker.submit(Requests("ACME").sell(25, client_id="mine"))


@pytest.mark.parametrize("late", [0, 1])
def test_what_a_person_leaves_of_a_position_has_its_stop_at_once(make_house: MakeHouse, late: int) -> None:
    """Also where the row of the sale comes late, so that ledger and broker differ."""
    with holding(make_house) as account:
        by_hand_cancel_the_stop_and_sell_half(account)
        if late:
            account.fake.strike(Kind.LAGGING, late, path="/v2/account/activities", times=100)
        outcome = account.check_exits("10:15")
        assert account.house.stops() == [(Decimal(25), Decimal("90.00"))]
        assert outcome.unprotected == 0
        assert {each.symbol for each in outcome.breaks} == ({"ACME", "USD"} if late else set())


def test_so_has_it_while_the_difference_halts_the_account(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}), settings={"BREAK_HALT_VALUE": "1000"})
    with at_alpaca(house) as account:
        account.daily()
        by_hand_cancel_the_stop_and_sell_half(account)
        account.fake.strike(Kind.LAGGING, 1, path="/v2/account/activities", times=100)
        for at in ("10:15", "10:30"):
            outcome = account.check_exits(at)
            assert outcome.exit_code is ExitCode.HALTED
            assert house.stops() == [(Decimal(25), Decimal("90.00"))]
            assert outcome.unprotected == 0


def test_shares_that_a_persons_order_does_not_sell_have_a_stop_beside_it(make_house: MakeHouse) -> None:
    with holding(make_house) as account:
        with account.house.by_hand() as broker:
            for order in broker.open_orders():
                broker.cancel(order.broker_order_id)
            broker.submit(Requests("ACME").sell(20, limit="150", client_id="mine"))
        for at in ("10:15", "10:30"):
            outcome = account.check_exits(at)
            assert account.house.stops() == [(Decimal(30), Decimal("90.00"))]
            assert outcome.unprotected == 2000
        assert len([i for i in account.house.intents() if i.purpose is Purpose.STOP]) == 1, "none is refused"


@pytest.mark.parametrize(("first", "times"), [(1, 1), (1, 2), (0, 3)])
def test_a_stop_is_not_made_smaller_by_stale_reads(make_house: MakeHouse, first: int, times: int) -> None:
    with holding(make_house) as account:
        account.fake.strike(Kind.FEWER_SHARES, 20, path="/v2/positions", after=first, times=times)
        outcome = account.check_exits("10:15")
        account.fake.calm()
        assert account.house.stops() == FIFTY_AT_90
        assert outcome.unprotected == 0
        assert account.house.order(account.house.id(1, Purpose.STOP)) is None, "no stop was sent"


@pytest.mark.parametrize("shown", [0, 20])
def test_an_exit_is_not_given_up_or_made_smaller_by_one_stale_read(make_house: MakeHouse, shown: int) -> None:
    with holding(make_house, Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]})) as account:
        account.house.next()
        asked = [0]

        def stale(arrival: object) -> None:
            """The read after the stop is cancelled shows fewer shares."""
            if getattr(arrival, "method", "") == "DELETE" and not asked[0]:
                asked[0] += 1
                account.fake.strike(Kind.FEWER_SHARES, shown, path="/v2/positions")

        account.happens = stale
        account.daily()
        assert account.house.positions() == {}
        (exit_order,) = [i for i in account.house.intents(THIRD) if i.purpose is Purpose.EXIT]
        assert (exit_order.state, exit_order.filled_quantity) == (OrderState.FILLED, Decimal(50))


def test_a_position_that_two_reads_show_as_gone_is_not_sold(make_house: MakeHouse) -> None:
    with holding(make_house, Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]})) as account:
        account.house.next()

        def sold(arrival: object) -> None:
            if getattr(arrival, "method", "") == "DELETE":
                account.happens = lambda arrival: None
                account.fake.strike(Kind.FEWER_SHARES, 0, path="/v2/positions", times=2)

        account.happens = sold
        account.daily()
        assert account.house.positions()["ACME"].quantity == 50
        assert account.house.stops() == FIFTY_AT_90, "the look at the end sees the shares, and arms their stop"
