"""Entries that do not fill whole: they are ended within their time, and what was bought has a live stop."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca import Arrival, Fault, Kind
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.errors import ExitCode

SECOND = date(2007, 1, 4)
TEN_AT_90 = [(Decimal(10), Decimal("90.00"))]


def entering(make_house: MakeHouse, **settings: str) -> House:
    """A home that is about to buy 50 ACME at 100 with a stop at 90 and a target at 120."""
    script = Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10"), target=Decimal("0.20")')
    return make_house(script, settings=settings)


def entry_state(account: AtAlpaca) -> OrderState:
    order = account.house.order(account.house.id(1, Purpose.ENTRY))
    assert order is not None
    return order.state


def live(account: AtAlpaca) -> list[tuple[Decimal, Decimal | None, bool]]:
    return [(order.remaining, order.stop_price, order.held) for order in account.orders()]


def test_what_filled_of_an_entry_has_a_live_stop_and_the_rest_is_cancelled(make_house: MakeHouse) -> None:
    with at_alpaca(entering(make_house), fillable=10) as account:
        outcome = account.daily()
        assert account.house.positions()["ACME"].quantity == 10
        assert entry_state(account) is OrderState.CANCELLED
        assert live(account) == [(Decimal(10), Decimal("90.00"), False)]
        assert outcome.unprotected == 0
        assert outcome.exit_code is ExitCode.OK
        assert any("ended with 10 of 50 shares bought" in note for note in outcome.notes)
        assert 55 <= sum(account.waited) <= 75


def test_its_time_is_a_setting(make_house: MakeHouse) -> None:
    with at_alpaca(entering(make_house, ENTRY_FILL_SECONDS="10"), fillable=10) as account:
        account.daily()
        assert live(account) == [(Decimal(10), Decimal("90.00"), False)]
        assert 10 <= sum(account.waited) <= 20


def test_an_entry_that_fills_nothing_does_not_rest_for_forty_minutes(make_house: MakeHouse) -> None:
    """As when the symbol is halted."""
    with at_alpaca(entering(make_house), fillable=0) as account:
        outcome = account.daily()
        assert entry_state(account) is OrderState.CANCELLED
        assert live(account) == []
        assert outcome.exit_code is ExitCode.OK
        assert any("ended with 0 of 50 shares bought" in note for note in outcome.notes)


def test_where_the_cancel_is_not_answered_the_shares_are_told_as_bare_and_the_next_job_goes_on(
    make_house: MakeHouse,
) -> None:
    with at_alpaca(entering(make_house), fillable=10) as account:
        account.fake.strike(Kind.RESET_BEFORE, method="DELETE", times=100)
        outcome = account.daily()
        assert entry_state(account) is OrderState.PARTIALLY_FILLED
        assert outcome.unprotected == Decimal(1000)
        assert ExitCode.BROKER in outcome.codes
        assert any("was not filled whole within 60 s and not seen to end" in f.message for f in outcome.failures)
        account.fake.calm()
        outcome = account.check_exits("10:15")
        assert live(account) == [(Decimal(10), Decimal("90.00"), False)]
        assert outcome.unprotected == 0


@pytest.mark.parametrize("comes", [15, 40])
def test_a_fill_that_comes_during_the_cancel_is_counted(make_house: MakeHouse, comes: int) -> None:
    with at_alpaca(entering(make_house), fillable=10) as account:

        def fills(arrival: Arrival) -> Fault | None:
            if arrival.method == "DELETE" and account.house.positions()["ACME"].quantity == 10:
                with account.exchange() as exchange, exchange.writing() as view:
                    (entry,) = (order for order in view.book.live_orders() if order.role is Purpose.ENTRY)
                    view.book.fill(entry, Decimal(comes), Decimal(100), Decimal(0), view.booking_time)
            return None

        account.happens = fills
        outcome = account.daily()
        assert account.house.positions()["ACME"].quantity == 10 + comes
        stops = [(order.remaining, order.stop_price) for order in account.orders() if order.stop_price is not None]
        assert stops == [(Decimal(10 + comes), Decimal("90.00"))]
        assert (outcome.unprotected, outcome.breaks, outcome.exit_code) == (Decimal(0), (), ExitCode.OK)


def test_an_emergency_stop_arms_what_filled_of_an_entry(make_house: MakeHouse) -> None:
    with at_alpaca(entering(make_house), fillable=10) as account:
        account.fake.strike(Kind.RESET_BEFORE, method="DELETE", times=100)
        account.daily()
        account.fake.calm()
        account.emergency_stop()
        assert entry_state(account) is OrderState.CANCELLED
        assert live(account) == [(Decimal(10), Decimal("90.00"), False)]


def test_the_seconds_between_fill_and_stop_are_told(make_house: MakeHouse) -> None:
    with at_alpaca(entering(make_house), fillable=10) as account:
        account.daily()
        (period,) = account.house.rows("SELECT * FROM v_bare_periods")
        assert (period["symbol"], period["shares"], period["dollars"]) == ("ACME", 10, 1000)
        assert period["ended_at"] is not None
        assert period["ended_at"] >= period["began_at"]
