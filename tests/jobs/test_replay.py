"""replay: the real jobs over many sessions, always with the same result, however often it was interrupted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import NEEDED
from tradebot.errors import ExitCode, Stopped
from tradebot.ledger.dump import dump_lines

FIRST, SESSIONS = date(2007, 5, 31), 26
SHIPPED = {"STRATEGIES": "tsla_improved_strategy,rsi2_mean_reversion,momentum_rotation"}


@pytest.fixture
def empty(make_house: MakeHouse) -> House:
    """An empty home before a replay of 25 sessions, of which 2007-07-03 is half a day."""
    return another(make_house)


def another(make_house: MakeHouse) -> House:
    return make_house(bundled=SESSIONS, first=FIRST, settings=SHIPPED)


def written(house: House) -> list[str]:
    return list(dump_lines(house.database))


@pytest.fixture(scope="module")
def told() -> dict[str, list[str]]:
    """The dump of an uninterrupted replay, once it has been made."""
    return {}


def uninterrupted(make_house: MakeHouse, told: dict[str, list[str]]) -> list[str]:
    if "dump" not in told:
        house = another(make_house)
        house.replay(house.days[-1])
        told["dump"] = written(house)
    return told["dump"]


def test_every_job_runs_once_in_every_session(empty: House) -> None:
    outcome = empty.replay(empty.days[-1])
    assert outcome.exit_code is ExitCode.OK
    assert (outcome.sessions, outcome.jobs_run) == (25, 125)
    runs = empty.rows("SELECT session, job, status FROM runs ORDER BY run_id")
    expected = [(day.isoformat(), job.value) for day in empty.days[1:] for job in NEEDED]
    assert [(run["session"], run["job"]) for run in runs[:-1]] == expected  # the last is the closing report
    assert {run["status"] for run in runs} == {"ran"}
    assert outcome.report is not None
    assert outcome.report.trades
    half_day = empty.rows(
        "SELECT started_at FROM runs WHERE session = '2007-07-03' AND job IN ('check-exits', 'reconcile')"
    )
    assert [row["started_at"][11:16] for row in half_day] == ["16:45", "17:05"]  # 12:45 and 13:05 in New York


def test_a_strategy_that_fails_in_every_session_is_named_once(make_house: MakeHouse) -> None:
    house = make_house(Script("broken", code="1 / 0"))
    outcome = house.replay(house.days[3])
    assert outcome.exit_code is ExitCode.OK
    (note,) = [note for note in outcome.notes if "broken" in note]
    assert note.startswith("strategy broken failed in ")
    assert "ZeroDivisionError: division by zero" in note


def test_two_replays_write_the_same_ledger(empty: House, make_house: MakeHouse, told: dict[str, list[str]]) -> None:
    empty.replay(empty.days[-1])
    assert written(empty) == uninterrupted(make_house, told)


class AfterJobs:
    """^C, once so many more jobs have ended."""

    def __init__(self, house: House, jobs: int) -> None:
        self._house = house
        self._last = self._ended() + jobs

    def _ended(self) -> int:
        with closing(sqlite3.connect(self._house.database)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM runs WHERE status <> 'running'").fetchone()
        return int(count)

    def check(self) -> None:
        if self._ended() >= self._last:
            raise Stopped(ExitCode.INTERRUPTED)


@pytest.mark.parametrize("jobs", [1, 7, 40])
def test_a_replay_that_was_interrupted_between_jobs_writes_the_same_ledger(
    empty: House, make_house: MakeHouse, told: dict[str, list[str]], jobs: int
) -> None:
    for _ in range(3):
        with pytest.raises(Stopped):
            empty.replay(empty.days[-1], AfterJobs(empty, jobs))
    empty.replay(empty.days[-1])
    assert written(empty) == uninterrupted(make_house, told)


class InsideEntries:
    """^C at the first look that an entry takes before it is sent."""

    def __init__(self, house: House) -> None:
        self._house = house

    def check(self) -> None:
        with closing(sqlite3.connect(self._house.database)) as connection:
            (waiting,) = connection.execute("SELECT count(*) FROM orders WHERE state = 'planned'").fetchone()
        if waiting:
            raise Stopped(ExitCode.TERMINATED)


def test_a_replay_that_was_interrupted_before_an_entry_trades_the_same(
    empty: House, make_house: MakeHouse, told: dict[str, list[str]]
) -> None:
    with pytest.raises(Stopped):
        empty.replay(empty.days[-1], InsideEntries(empty))
    (failed,) = empty.rows("SELECT job, status, exit_code FROM runs WHERE status = 'failed'")
    assert failed == {"job": "run-daily", "status": RunStatus.FAILED, "exit_code": 143}
    empty.replay(empty.days[-1])

    def traded(lines: list[str]) -> list[str]:
        return [line for line in lines if line.startswith(("fills ", "trades ", "cash_events ", "lots "))]

    assert traded(written(empty)) == traded(uninterrupted(make_house, told))


def test_a_replay_that_is_through_runs_nothing_again(empty: House) -> None:
    empty.replay(empty.days[3])
    before = empty.rows("SELECT * FROM fills") + empty.rows("SELECT * FROM orders")
    outcome = empty.replay(empty.days[3])
    assert outcome.jobs_run == 0
    assert empty.rows("SELECT * FROM fills") + empty.rows("SELECT * FROM orders") == before
