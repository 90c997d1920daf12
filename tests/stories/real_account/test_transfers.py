"""Deposits and withdrawals at whatever hour are neither gain nor loss, and move the equity peak once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tests.stories.real_account.transfers import move_cash, on, tell
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.risk.circuit_breakers import LimitUse
from tradebot.jobs import status

THURSDAY, FRIDAY, SATURDAY, MONDAY = (date(2007, 1, day) for day in (4, 5, 6, 8))
AMOUNTS = [Decimal(15_000), Decimal(-6_000)]


@contextmanager
def holding_acme(make_house: MakeHouse) -> Iterator[AtAlpaca]:
    """A home at Alpaca that bought ACME on Thursday; it stands at 100 USD from then on."""
    house = make_house(Script(enter={"ACME": [THURSDAY]}), prices={"ACME": [FLAT] * 8, "BOLT": [FLAT] * 8})
    with at_alpaca(house) as account:
        account.daily()
        assert house.positions()["ACME"].quantity == 50
        yield account


def use_of(account: AtAlpaca) -> LimitUse:
    """How much of its limits status says the account uses."""
    with account.house.desk() as desk:
        used = status.run(replace(desk, broker=broker_of(account.fake)), "").used
    assert used is not None
    return used


def assert_no_loss(account: AtAlpaca, outcome: Outcome, moved: Decimal) -> None:
    used = use_of(account)
    assert outcome.halts == ()
    assert outcome.account is not None
    assert outcome.account.equity == 100_000 + moved
    assert used.daily_loss.fraction == 0
    assert used.drawdown.fraction == 0


def peak(account: AtAlpaca) -> Decimal | None:
    with account.house.desk() as desk:
        return desk.ledger.books.peak()


def days_after(account: AtAlpaca, amount: Decimal) -> None:
    """Two sessions pass, and no job of them sees a loss."""
    for _ in range(2):
        account.house.next()
        assert_no_loss(account, account.daily(), amount)
        assert_no_loss(account, account.check_exits("15:45"), amount)
        assert peak(account) == 100_000 + amount


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize(("day", "at"), [(THURSDAY, "21:00"), (FRIDAY, "08:00")])
def test_money_that_moves_between_two_sessions_is_no_result(
    make_house: MakeHouse, amount: Decimal, day: date, at: str
) -> None:
    with holding_acme(make_house) as account:
        account.house.passes("16:05")
        move_cash(account, amount)
        tell(account, amount, on(day, at))
        days_after(account, amount)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_nor_is_money_that_moves_on_a_saturday(make_house: MakeHouse, amount: Decimal) -> None:
    with holding_acme(make_house) as account:
        account.house.next()
        account.daily()
        account.house.passes("16:05")
        move_cash(account, amount)
        tell(account, amount, on(SATURDAY, "12:00"))
        days_after(account, amount)


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("told", [True, False])
def test_nor_is_money_that_moves_in_the_afternoon_told_at_once_or_on_the_day_after(
    make_house: MakeHouse, amount: Decimal, told: bool
) -> None:
    with holding_acme(make_house) as account:
        account.house.passes("13:00")
        move_cash(account, amount)
        if told:
            tell(account, amount, on(THURSDAY, "13:00"))
        for at in ("13:30", "14:30", "15:45"):
            assert_no_loss(account, account.check_exits(at), amount)
            assert peak(account) == (100_000 + amount if told else 100_000)
        account.house.next()
        if not told:
            assert_no_loss(account, account.daily(), amount)
            tell(account, amount, on(THURSDAY, "13:00"))
        days_after(account, amount)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_nor_is_an_activity_that_is_told_before_the_money_moves(make_house: MakeHouse, amount: Decimal) -> None:
    with holding_acme(make_house) as account:
        tell(account, amount, on(THURSDAY, "11:00"))
        outcome = account.check_exits("11:30")
        assert outcome.halts == ()
        assert peak(account) == 100_000 + amount
        assert use_of(account).drawdown.fraction == 0
        move_cash(account, amount)
        days_after(account, amount)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_shares_that_were_sold_today_make_their_part_of_the_result_beside_it(
    make_house: MakeHouse, amount: Decimal
) -> None:
    house = make_house(
        Script(enter={"ACME": [THURSDAY]}, leave={"ACME": [FRIDAY]}),
        prices={"ACME": [FLAT, FLAT, "98 99 97 98"], "BOLT": [FLAT] * 3},
    )
    with at_alpaca(house) as account:
        account.daily()
        house.next()
        account.daily()
        assert house.positions() == {}
        move_cash(account, amount)
        assert account.check_exits("10:15").halts == ()
        lost = use_of(account).daily_loss
        assert lost.base - lost.equity == 100  # 50 shares from 100 to 98


@pytest.mark.parametrize("amount", AMOUNTS)
def test_the_first_day_counts_from_the_opening_whatever_was_before(make_house: MakeHouse, amount: Decimal) -> None:
    """A person held 300 BOLT, which fell from 100 to 80 before the account was met, and goes on to 79."""
    house = make_house(Script(symbols=("ACME",)), prices={"ACME": [FLAT] * 4, "BOLT": [FLAT, FLAT, "80 81 79 79"]})
    house.passes("09:35")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(300))
    house.next()
    with at_alpaca(house) as account:
        assert account.daily().halts == ()
        move_cash(account, amount)
        account.house.passes("16:05")
        assert account.run(Job.RECONCILE, "16:05").halts == ()
        lost = use_of(account).daily_loss
        assert lost.base - lost.equity == 300


def test_cash_that_nothing_explains_takes_no_entry_anywhere_until_it_is_explained(make_house: MakeHouse) -> None:
    script = Script(enter={"ACME": [THURSDAY], "BOLT": [FRIDAY, MONDAY]})
    house = make_house(script, prices={"ACME": [FLAT] * 8, "BOLT": [FLAT] * 8})
    with at_alpaca(house) as account:
        account.daily()
        account.house.next()
        move_cash(account, Decimal(-500))
        outcome = account.daily()
        assert [(denial.symbol, denial.code) for denial in outcome.denials] == [("BOLT", "CASH_UNEXPLAINED")]
        assert house.stops() == [(Decimal(50), Decimal(90))]
        for at in ("10:00", "15:45"):
            account.check_exits(at)
        account.house.passes("16:05")
        account.run(Job.RECONCILE, "16:05")
        (told,) = house.rows("SELECT message FROM alerts WHERE title = 'ledger and broker differ'")
        assert "the ledger explains $95,000.00 of cash, the broker shows $94,500.00" in told["message"]
        tell(account, Decimal(-500), on(FRIDAY, "09:30"))
        account.house.next()
        assert account.daily().denials == ()
        assert "BOLT" in house.positions()
