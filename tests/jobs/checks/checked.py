"""What preflight says of a home, check by check."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tests.jobs.brokers import Around
from tests.jobs.house import House, Wrap
from tradebot.core.model.account import AccountSnapshot, MarketClock
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.jobs import preflight

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL


def checked(house: House, wrap: Wrap | None = None, **told: object) -> PreflightOutcome:
    with house.desk("09:00", wrap) as desk:
        return preflight.run(desk, **told)  # type: ignore[arg-type]


def named(outcome: PreflightOutcome, name: str) -> Check:
    return next(check for check in outcome.checks if check.name == name)


def others_pass(outcome: PreflightOutcome, *besides: str) -> bool:
    besides = (*besides, "schedule")  # these houses run no whole days
    return all(check.result is PASS for check in outcome.checks if check.name not in besides)


class BlockedAccount(Around):
    def account(self) -> AccountSnapshot:
        return replace(super().account(), blocked=True)


class Ahead(Around):
    """The broker's clock goes ahead of ours by so many seconds."""

    seconds = 31.0

    def clock(self) -> MarketClock:
        market = super().clock()
        return replace(market, now=market.now + timedelta(seconds=self.seconds))
