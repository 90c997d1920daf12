"""Checks of the account, its exchange and its limits."""

from __future__ import annotations

from dataclasses import replace

from tests.jobs.brokers import Around
from tests.jobs.checks.checked import FAIL, SECOND, WARN, Ahead, BlockedAccount, checked, named
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, Script
from tests.jobs.test_run_daily import OnAHoliday
from tradebot.core.model.account import AccountSnapshot
from tradebot.errors import ExitCode


class PoorAccount(Around):
    def account(self) -> AccountSnapshot:
        account = super().account()
        return replace(account, buying_power=account.buying_power * 0)


def test_a_blocked_account_blocks(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), BlockedAccount)
    assert named(outcome, "broker").result is FAIL
    assert outcome.exit_code is ExitCode.BLOCKED


def test_no_buying_power_is_a_warning(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), PoorAccount)
    assert named(outcome, "broker").result is WARN
    assert outcome.exit_code is ExitCode.OK


def test_limits_that_allow_no_order_block(make_house: MakeHouse) -> None:
    outcome = checked(make_house(settings={"MAX_POSITION_SIZE_PCT": "0.1%", "MIN_ORDER_VALUE": "101"}))
    assert named(outcome, "limits").result is FAIL
    assert outcome.exit_code is ExitCode.BLOCKED


def test_a_split_of_something_held_is_announced(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}),
        prices={"ACME": [FLAT, FLAT, FLAT, "50 51 49 50"]},
        actions=["ACME,2007-01-08,split,2"],
    )
    house.daily()
    house.next()
    outcome = checked(house)
    assert named(outcome, "corporate actions").result is WARN
    assert named(outcome, "corporate actions").figure == "ACME split 2 on 2007-01-08"


def test_a_holiday_is_a_warning(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), OnAHoliday)
    assert named(outcome, "session").result is WARN
    assert "2007-01-16" in named(outcome, "session").figure


class SlightlyAhead(Ahead):
    seconds = 2.0


def test_a_clock_that_is_a_little_off_is_a_warning(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), SlightlyAhead)
    assert named(outcome, "clock").result is WARN
    assert named(outcome, "clock").figure == "2.0 s from the broker's"


class Live(Around):
    @property
    def mode(self) -> str:
        return "live"


def test_real_money_is_said_in_capital_letters(make_house: MakeHouse) -> None:
    assert named(checked(make_house(), Live), "mode").figure == "LIVE: REAL MONEY IS AT STAKE"
