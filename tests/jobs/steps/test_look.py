"""Two looks at the account compared: what moved between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import CopyHouse, holding_acme
from tests.jobs.house import House
from tradebot.core.model.account import CASH, MarketClock
from tradebot.core.model.orders import BrokerOrder, OrderState
from tradebot.core.model.schedule import Job
from tradebot.jobs.job_run import open_run
from tradebot.jobs.steps.look import Look, read_look
from tradebot.jobs.steps.sync import read_account_state


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def looks(house: House) -> tuple[Look, Look]:
    with house.desk() as desk:
        run = open_run(desk, Job.RECONCILE)
        return read_look(desk, run), read_look(desk, run)


def test_nothing_moved_where_both_show_the_same(house: House) -> None:
    one, two = looks(house)
    assert two.moved_since(one) == frozenset()


def fewer_shares(look: Look) -> Look:
    return replace(look, positions=tuple(replace(each, quantity=Decimal(40)) for each in look.positions))


def no_position(look: Look) -> Look:
    return replace(look, positions=())


def stop_filling(look: Look) -> Look:
    return replace(look, open_orders=tuple(replace(o, state=OrderState.PARTIALLY_FILLED) for o in look.open_orders))


def no_order(look: Look) -> Look:
    return replace(look, open_orders=())


def other_cash(look: Look) -> Look:
    return replace(look, account=replace(look.account, cash=look.account.cash + 1))


def other_price(look: Look) -> Look:
    return replace(look, positions=tuple(replace(each, market_price=Decimal(1)) for each in look.positions))


def test_the_equity_is_of_the_time_at_which_the_account_was_asked_for(house: House) -> None:
    with house.desk("09:40") as desk:
        asked = desk.clock.now()

    class AsTimeGoesOn(Around):
        def open_orders(self) -> tuple[BrokerOrder, ...]:
            with house.exchange() as exchange:
                exchange.advance_to(asked + timedelta(minutes=1))
            return super().open_orders()

    with house.desk(wrap=AsTimeGoesOn) as desk:
        read_account_state(desk, open_run(desk, Job.RECONCILE))
        newest = desk.ledger.history.newest_equity()
        assert newest is not None
        assert (newest.at, desk.clock.now()) == (asked, asked + timedelta(minutes=1))


def test_the_time_of_the_equity_is_that_of_the_brokers_clock(house: House) -> None:
    class FiveMinutesLater(Around):
        def clock(self) -> MarketClock:
            shown = super().clock()
            return replace(shown, now=shown.now + timedelta(minutes=5))

    with house.desk("09:40", wrap=FiveMinutesLater) as desk:
        read_account_state(desk, open_run(desk, Job.RECONCILE))
        newest = desk.ledger.history.newest_equity()
        assert newest is not None
        assert newest.at == desk.clock.now() + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        (fewer_shares, {"ACME"}),
        (no_position, {"ACME"}),
        (stop_filling, {"ACME"}),
        (no_order, {"ACME"}),
        (other_cash, {CASH}),
        (other_price, set()),
    ],
)
def test_shares_orders_and_cash_move_and_prices_do_not(
    house: House, change: Callable[[Look], Look], moved: set[str]
) -> None:
    one, two = looks(house)
    assert change(two).moved_since(one) == moved
    assert two.moved_since(change(one)) == moved
