"""A symbol that stops trading while it is held, or while an order waits for it, is told by every job."""

from __future__ import annotations

from datetime import date

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import FailureLine
from tradebot.core.results.preflight_checks import CheckResult
from tradebot.errors import ExitCode
from tradebot.jobs import preflight, status

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


@pytest.fixture
def delisted(make_house: MakeHouse) -> House:
    """ACME was bought on the second day, and has no bar from the third on, in which its strategy wants to leave it."""
    house = make_house(
        Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}), prices={"ACME": [FLAT, FLAT], "BOLT": [FLAT] * 6}
    )
    house.daily()
    house.check_exits()
    house.next()
    return house


def assert_told(line: FailureLine) -> None:
    assert line.what == "ACME"
    assert "ACME does not trade now, its last price 100 is of 2007-01-04: 50 shares cannot be sold" in line.message
    assert "tradebot reconcile --accept ACME" in line.message


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE])
def test_each_job_fails_for_it_without_stopping(delisted: House, job: Job) -> None:
    outcome = delisted.run(job)
    assert outcome.exit_code is ExitCode.DEGRADED
    (line,) = outcome.failures
    assert_told(line)


def test_preflight_warns_before_the_session_after_the_one_without_a_bar(delisted: House) -> None:
    delisted.daily()
    delisted.next()
    with delisted.desk("09:00") as desk:
        outcome = preflight.run(desk)
    (check,) = [check for check in outcome.checks if check.name == "trading"]
    assert check.result is CheckResult.WARN
    assert "ACME does not trade now" in check.figure
    assert "halted, renamed or delisted" in check.remedy


def test_preflight_passes_while_everything_trades(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.desk() as desk:
        outcome = preflight.run(desk)
    (check,) = [check for check in outcome.checks if check.name == "trading"]
    assert check.result is CheckResult.PASS


def test_status_notes_it(delisted: House) -> None:
    with delisted.desk("10:00") as desk:
        outcome = status.run(desk, "")
    assert outcome.exit_code is ExitCode.OK
    (note,) = [note for note in outcome.notes if "ACME" in note]
    assert "does not trade now" in note


def test_its_stop_is_not_given_up_for_a_sale_that_cannot_be_made(delisted: House) -> None:
    before = delisted.open_orders()
    outcome = delisted.daily()
    assert [(denial.code, denial.symbol) for denial in outcome.denials] == [(DenialCode.NOT_TRADABLE, "ACME")]
    assert outcome.orders == ()
    assert delisted.open_orders() == before
    assert outcome.unprotected == 0


def test_one_that_trades_again_is_left_as_it_was_to_be(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD, date(2007, 1, 9)]}),
        prices={"ACME": [FLAT, FLAT, None, FLAT, FLAT], "BOLT": [FLAT] * 6},
    )
    codes = []
    for _ in range(4):
        codes.append(house.daily().exit_code)
        house.next()
    assert codes == [ExitCode.OK, ExitCode.DEGRADED, ExitCode.OK, ExitCode.OK]
    assert house.positions() == {}


def test_an_order_that_waits_for_it_is_told_whoever_sent_it(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT, FLAT], "BOLT": [FLAT] * 6})
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").buy(10, limit="50"))
    house.next()
    outcome = house.daily()
    assert [line.what for line in outcome.failures] == ["ACME"]
    assert (
        "ACME does not trade now, its last price 100 is of 2007-01-04: 1 order waiting" in outcome.failures[0].message
    )
