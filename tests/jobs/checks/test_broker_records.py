"""Checks against the broker's own records: permissions, and the equity of the last close."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.checks.checked import FAIL, PASS, SECOND, WARN, checked, named
from tests.jobs.conftest import MakeHouse
from tradebot.core.model.account import AccountDay, Permissions
from tradebot.core.results.preflight_checks import CheckResult


class Tells(Around):
    """Says something else of the account's configuration or its past."""

    may = Permissions(trading=True, shorting=False, fractions=True)
    close: AccountDay | None = None
    today: AccountDay | None = None

    def permissions(self) -> Permissions:
        return self.may

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        return tuple(day for day in (self.close, self.today) if day is not None)


def test_an_account_whose_owner_suspended_trading_fails(make_house: MakeHouse) -> None:
    class Suspended(Tells):
        may = Permissions(trading=False, shorting=True, fractions=True)

    check = named(checked(make_house(), Suspended), "permissions")
    assert (check.result, check.figure.split(",")[0]) == (FAIL, "trading not allowed")


def test_an_account_that_may_not_sell_short_passes_and_says_so(make_house: MakeHouse) -> None:
    check = named(checked(make_house(), Tells), "permissions")
    assert (check.result, check.figure.split(", ")[1]) == (PASS, "short sales not allowed")


@pytest.mark.parametrize(("equity", "result"), [("100400", PASS), ("101000", WARN), ("99000", WARN)])
def test_a_baseline_that_is_not_what_the_books_say_of_the_close_is_told(
    make_house: MakeHouse, equity: str, result: CheckResult
) -> None:
    class Remembers(Tells):
        close = AccountDay(date(2007, 1, 3), Decimal(equity), Decimal(0))

    check = named(checked(make_house(), Remembers), "baseline")
    assert check.result is result
    assert check.figure.startswith("the day is counted from $100,000.00")


def test_a_deposit_that_no_activity_tells_of_is_told(make_house: MakeHouse) -> None:
    class Paid(Tells):
        today = AccountDay(SECOND, Decimal(100_500), Decimal(500))

    check = named(checked(make_house(), Paid), "baseline")
    assert check.result is WARN
    assert "$500.00 was paid in by the broker's books, $0.00 by its activities" in check.figure
