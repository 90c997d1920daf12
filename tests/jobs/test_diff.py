"""The job that compares a session with its backtest, and the look at sessions that are over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House
from tests.jobs.test_daily_summary import scheduled
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome, Fact
from tradebot.core.results.diff_run import DiffRun
from tradebot.core.results.report_periods import AskedPeriod
from tradebot.core.safety.schedule_status import JobStatus
from tradebot.errors import BrokerUnavailable, ExitCode, UsageError
from tradebot.jobs import diff, reconcile, report
from tradebot.jobs.daily_summary import raise_summary
from tradebot.jobs.desk import Desk


def finds(*causes: Cause | None) -> diff.Compare:
    """A comparison that finds a line for each cause, whatever the session is."""

    def compare(desk: Desk, session: date) -> DiffOutcome:
        lines = (DiffLine(Compared.FILL, "scripted", "ACME", Fact("bought"), None, cause) for cause in causes)
        return DiffOutcome(session, None, tuple(lines))

    return compare


def began(make_house: MakeHouse, house: House | None = None, **how: Any) -> House:
    """A home whose account has its opening."""
    house = house or make_house(**how)
    with house.desk() as desk:
        reconcile.run(desk)
    return house


def job(house: House, *causes: Cause | None) -> DiffRun:
    with house.desk("16:20") as desk:
        return diff.run(scheduled(desk), finds(*causes))


def alerts(house: House) -> list[str]:
    return [row["key"] for row in house.rows("SELECT key FROM alerts WHERE key LIKE 'diff:%'")]


def test_a_run_is_recorded_and_alerts_once_of_what_is_unexplained(make_house: MakeHouse) -> None:
    house = began(make_house)
    day = house.days[1]
    assert job(house, None, Cause.SLIPPAGE).exit_code is ExitCode.OK
    assert alerts(house) == []
    for _ in range(2):
        outcome = job(house, Cause.UNEXPLAINED)
        assert (outcome.exit_code, outcome.session) == (ExitCode.BREAKS, day)
    assert alerts(house) == [f"diff:{day}:1:fill-scripted-ACME"]
    runs = house.rows("SELECT job, session, status, exit_code, summary FROM runs WHERE job = 'diff'")
    assert [(run["job"], run["session"], run["status"], run["exit_code"]) for run in runs] == [
        ("diff", str(day), "ran", 0), ("diff", str(day), "ran", 7), ("diff", str(day), "ran", 7),
    ]  # fmt: skip
    assert runs[-1]["summary"] == f"{day}: 1 of 1 difference unexplained; 0 lines agree"


def test_the_next_summary_tells_what_the_newest_run_left_unexplained(make_house: MakeHouse) -> None:
    house = began(make_house, settings={"DAILY_SUMMARY": "always"})
    told = f"`tradebot diff` of {house.days[1]}: 1 of 2 differences unexplained (slippage 1); 0 lines agree"
    job(house, Cause.UNEXPLAINED, Cause.SLIPPAGE)
    house.next()
    assert f"Look at: {told}" in _summary(house)
    house.next()
    assert "tradebot diff" not in _summary(house), "it is told once"
    job(house, Cause.UNEXPLAINED)
    job(house, Cause.SLIPPAGE)
    house.next()
    assert "tradebot diff" not in _summary(house), "the newest run explains it"


def _summary(house: House) -> str:
    with house.desk("16:15") as desk:
        raise_summary(desk, report.run(desk, AskedPeriod()), lambda name: "")
    newest = house.rows("SELECT message FROM alerts WHERE kind = 'summary' ORDER BY seq DESC LIMIT 1")
    return str(newest[0]["message"])


def test_a_comparison_that_fails_is_a_failed_run(make_house: MakeHouse) -> None:
    def fails(desk: Desk, session: date) -> DiffOutcome:
        raise BrokerUnavailable("no bars")

    house = began(make_house)
    with house.desk("16:20") as desk, pytest.raises(BrokerUnavailable):
        diff.run(desk, fails)
    assert house.rows("SELECT status, exit_code FROM runs WHERE job = 'diff'") == [{"status": "failed", "exit_code": 6}]


def test_the_schedule_expects_it_once_a_scheduler_has_started_it(make_house: MakeHouse) -> None:
    """A home whose crontab an earlier version wrote misses nothing."""

    def marks(at: str) -> list[tuple[str, str]]:
        with house.desk(at) as desk:
            cells = scheduled(desk).job_schedule().session_jobs()
        return [(str(cell.session), cell.mark) for cell in cells if cell.job is Job.DIFF]

    house = make_house()
    with house.desk("15:00") as desk:
        reconcile.run(scheduled(desk))
    assert marks("16:20") == []
    job(house, None)
    house.next()
    assert marks("16:50") == [(str(house.days[1]), JobStatus.RAN), (str(house.days[2]), JobStatus.OVERDUE)]


def test_a_look_takes_the_newest_session_that_is_over_or_a_span_and_records_nothing(make_house: MakeHouse) -> None:
    house = began(make_house)
    days = house.days

    def looked(at: str, first: date | None = None, last: date | None = None) -> list[date]:
        with house.desk(at) as desk:
            outcome = diff.look(desk, first, last, finds(None))
        assert outcome.session == outcome.diffs[-1].session
        return [each.session for each in outcome.diffs]

    with house.desk("15:30") as desk, pytest.raises(UsageError, match=f"is over: it began in session {days[1]}. Comp"):
        diff.look(desk, None, None, finds(None))
    assert looked("16:10") == [days[1]]
    house.next()
    assert looked("10:00") == [days[1]]
    assert looked("16:00") == [days[2]]
    assert looked("16:00", days[1]) == days[1:3]
    assert looked("16:00", days[1], days[1]) == [days[1]]
    said = f"no session .* newest that is over is {days[2]}; the account began in session {days[1]}"
    for first in (date(2007, 1, 6), days[3], days[0]):  # a Saturday, one that is to come, and one before the account
        with house.desk() as desk, pytest.raises(UsageError, match=said):
            diff.look(desk, first, first, finds(None))
    assert house.rows("SELECT job FROM runs") == [{"job": "reconcile"}]


def test_before_the_account_has_begun_there_is_nothing_to_compare(make_house: MakeHouse) -> None:
    house = make_house()
    with house.desk("16:20") as desk:
        outcome = diff.run(desk, finds(Cause.UNEXPLAINED))
        assert (outcome.status, outcome.headline, outcome.diffs) == (RunStatus.IDLE, "no session was compared", ())
        with pytest.raises(UsageError, match="the account has traded nothing yet"):
            diff.look(desk, None, None, finds(None))
    began(make_house, house)
    assert house.next() == house.days[2]
    with house.desk("10:00") as desk, pytest.raises(UsageError, match=f"began in session {house.days[1]}"):
        diff.look(desk, None, None, finds(None))  # it began after the close
