"""The summary of a session is raised once, and as DAILY_SUMMARY says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import traded_two_sessions
from tradebot.core.model.account import MarketClock
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.jobs import check_exits, preflight, report
from tradebot.jobs.daily_summary import raise_summary
from tradebot.jobs.desk import Desk
from tradebot.ports import Clock


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def summaries(house: House) -> list[dict[str, Any]]:
    return house.rows("SELECT title, message, key, attachment FROM alerts WHERE kind = 'summary'")


def raised(house: House, period: Period = Period.DAY) -> bool:
    with house.desk("16:15") as desk:
        return raise_summary(desk, report.run(desk, AskedPeriod(period)), lambda name: f"kept-{name}")


def test_a_day_is_told_once(traded: House) -> None:
    assert raised(traded)
    assert not raised(traded)
    (told,) = summaries(traded)
    assert told["title"] == "2007-01-08: +$650.00, 1 bought, 2 sold"
    assert told["key"] == "summary:2007-01-08"
    assert told["attachment"] is None
    assert told["message"].splitlines() == [
        "Nothing needs you.",
        "Traded: sold 50 ACME at 120.00, bought 50 COAL at 100.00, sold 50 BOLT at 90.00",
        "Closed: 2 trades, 1 won, +$500.00 after fees: ACME +$1,000.00 (signal), BOLT -$500.00 (stop)",
        "Equity: $100,650.00, +$650.00 (+0.65%) on the day",
        "Held: 1 position, $5,150.00. If every stop fills at its price, $650.00 is lost; a gap loses more.",
    ]


def test_the_period_of_the_report_changes_nothing(traded: House) -> None:
    assert raised(traded, Period.ALL)
    assert summaries(traded)[0]["title"] == "2007-01-08: +$650.00, 1 bought, 2 sold"


def test_the_page_is_attached_where_it_is_asked_for(traded: House) -> None:
    traded.set(DAILY_SUMMARY_HTML="true")
    assert raised(traded)
    assert summaries(traded)[0]["attachment"] == "kept-report-2007-01-08.html"


@pytest.mark.parametrize(("setting", "expected"), [("off", False), ("changes", False), ("always", True)])
def test_a_quiet_day_is_told_to_those_who_want_it(make_house: MakeHouse, setting: str, expected: bool) -> None:
    house = make_house(settings={"DAILY_SUMMARY": setting})
    for job in (house.daily, house.check_exits, house.reconcile):
        job()
    assert raised(house) is expected
    assert len(summaries(house)) == expected


def test_off_is_off_on_a_day_with_trades(traded: House) -> None:
    traded.set(DAILY_SUMMARY="off")
    assert not raised(traded)


def test_a_halt_is_news(make_house: MakeHouse) -> None:
    house = make_house()
    for job in (house.daily, house.check_exits, house.reconcile):
        job()
    house.emergency_stop()
    assert raised(house)
    assert summaries(house)[0]["message"].startswith("HALTED: a drill. It holds until `tradebot resume`.")


def test_a_failed_job_is_told_first_one_of_a_session_without_a_summary_too(make_house: MakeHouse) -> None:
    house = make_house(settings={"DAILY_SUMMARY": "always"})
    assert raised(house)
    house.next()
    with house.desk("15:45", wrap=Silent) as desk, pytest.raises(BrokerUnavailable):
        check_exits.run(desk)
    house.next()
    house.daily()
    assert raised(house)
    quiet, told = summaries(house)
    assert quiet["message"].startswith("Nothing needs you.")
    assert told["message"].startswith("Not done: check-exits of 2007-01-05 failed. `tradebot status` shows them.\n")


def test_a_job_that_no_scheduler_started_is_told_where_one_should_have(make_house: MakeHouse) -> None:
    house = make_house()
    with house.desk("09:00") as desk:
        preflight.run(scheduled(desk))
    with house.desk("16:15") as desk:
        raise_summary(scheduled(desk), report.run(scheduled(desk), AskedPeriod(Period.DAY)), lambda name: "")
    (told,) = summaries(house)
    assert told["message"].startswith(
        "Not done: missed: 2007-01-04 run-daily, check-exits. `tradebot status` shows them.\n"
    )


class Silent(Around):
    """A broker that does not even tell the time."""

    def clock(self) -> MarketClock:
        raise BrokerUnavailable("no answer")


@dataclass(frozen=True)
class OneClock:
    """The exchange's clock as that of the machine too."""

    exchange: Clock

    def now(self) -> datetime:
        return self.exchange.now()

    def wall(self) -> datetime:
        return self.exchange.now()

    def sleep(self, seconds: float) -> None:
        self.exchange.sleep(seconds)


def scheduled(desk: Desk) -> Desk:
    """A desk of a home whose jobs a scheduler starts."""
    return replace(desk, clock=OneClock(desk.clock), schedule_clock=ScheduleClock.REAL)


def test_a_report_ends_after_its_summary_is_raised(traded: House) -> None:
    """Killed between the two it is a report that did not end, so that the next job looks."""
    seen: list[list[str]] = []

    def closing(outcome: ReportOutcome) -> ReportOutcome:
        seen.append([row["status"] for row in traded.rows("SELECT status FROM runs ORDER BY run_id DESC LIMIT 1")])
        return replace(outcome, codes=outcome.codes | {ExitCode.DEGRADED})

    with traded.desk("16:15") as desk:
        outcome = report.run(desk, AskedPeriod(Period.DAY), closing=closing)
    assert (seen, outcome.exit_code) == ([["running"]], ExitCode.DEGRADED)
    assert traded.rows("SELECT exit_code FROM runs ORDER BY run_id DESC LIMIT 1") == [{"exit_code": 11}]
