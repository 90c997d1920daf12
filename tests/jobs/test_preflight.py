"""preflight: every check has a result and a figure, a failed one blocks, and one that can't be made has failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.jobs.brokers import Around, Unreachable
from tests.jobs.checks.checked import (
    FAIL,
    PASS,
    SECOND,
    THIRD,
    WARN,
    Ahead,
    BlockedAccount,
    checked,
    named,
    others_pass,
)
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script, Wrap
from tradebot.core.model.account import MarketClock
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode
from tradebot.jobs import preflight


def test_a_sound_home_passes_every_check(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    with house.desk("09:00") as desk:
        preflight.run(desk)
    for job in (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE):
        house.run(job)
    house.next()
    outcome = checked(house)
    assert others_pass(outcome)
    assert named(outcome, "schedule").figure == "report: 2007-01-04 missed"
    assert (outcome.status, outcome.exit_code) == (RunStatus.RAN, ExitCode.OK)
    assert outcome.headline == f"{len(outcome.checks) - 1} checks passed, 1 warning, 0 failed"
    assert named(outcome, "session").figure == "2007-01-05: 09:30 to 16:00 in New York"
    assert named(outcome, "exposure").figure == "$5,000.00 of $100,000.00"
    assert named(outcome, "bars").figure == "2 symbols up to 2007-01-04"
    assert named(outcome, "calendar").figure == "as the broker's: 2007-01-05: 09:30 to 16:00 in New York"
    assert named(outcome, "clock").figure == "0.0 s from the broker's"
    assert named(outcome, "mode").figure == "paper: no money is at stake"
    assert "scripted" in " ".join(check.name for check in outcome.checks)


def test_a_check_that_can_not_be_made_has_failed_and_the_others_go_on(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), lambda broker: Unreachable(broker, "positions"))
    failed = [check.name for check in outcome.checks if check.result is FAIL]
    assert "protection" in failed
    assert "exposure" in failed
    assert "no route to host" in named(outcome, "protection").figure
    assert named(outcome, "bars").result is PASS
    assert outcome.exit_code is ExitCode.BLOCKED


def test_what_was_odd_about_opening_the_desk_is_told(make_house: MakeHouse) -> None:
    outcome = checked(make_house(), lock_holder="run-daily, pid 7", warnings=("WEB_PORT has no use yet",))
    assert named(outcome, "lock").result is WARN
    assert named(outcome, "configuration").result is WARN
    assert "WEB_PORT" in named(outcome, "configuration").figure
    assert outcome.exit_code is ExitCode.OK


class ClosesEarly(Around):
    """The broker says that today is a half day, of which our calendar knows nothing."""

    def clock(self) -> MarketClock:
        market = super().clock()
        assert market.today is not None
        return replace(market, today=replace(market.today, closes=market.today.opens.replace(hour=18), half_day=True))


class Behind(Around):
    """The broker's newest session is one that our bars do not reach to."""

    def clock(self) -> MarketClock:
        market = super().clock()
        assert market.today is not None
        return replace(market, previous=market.today)


@pytest.mark.parametrize(
    ("wrap", "name"), [(Ahead, "clock"), (ClosesEarly, "calendar"), (BlockedAccount, "broker"), (Behind, "bars")]
)
def test_run_daily_enters_nothing_while_one_fails_and_may_be_run_again(
    make_house: MakeHouse, wrap: Wrap, name: str
) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    assert named(checked(house, wrap), name).result is FAIL

    outcome = house.daily(wrap=wrap)

    assert (outcome.status, outcome.exit_code) == (RunStatus.BLOCKED, ExitCode.BLOCKED)
    assert f"no entries ({name}: " in outcome.headline or f"; {name}: " in outcome.headline
    assert DenialCode.PREFLIGHT in {denial.code for denial in outcome.denials}
    assert house.positions() == {}
    assert house.daily().status is RunStatus.RAN
    assert house.positions()["ACME"].quantity == 50


def test_exits_go_on_while_nothing_may_be_entered(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}))
    house.daily()
    house.next()
    outcome = house.daily(wrap=ClosesEarly)
    assert outcome.status is RunStatus.BLOCKED
    assert house.positions() == {}
