"""The schedule on the exchange's own clock, where a person begins its sessions: what is said, and what is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.jobs.brokers import Around
from tests.jobs.house import House
from tradebot.core.model.account import MarketClock
from tradebot.core.model.schedule import Job
from tradebot.core.safety.schedule_status import JobStatus, ScheduleClock
from tradebot.errors import BrokerUnavailable
from tradebot.jobs import check_exits, status
from tradebot.jobs.schedule import SESSIONS_SHOWN

MakeHouse = Callable[..., House]


class Silent(Around):
    """A broker that does not even tell the time."""

    def clock(self) -> MarketClock:
        raise BrokerUnavailable("no answer")


def marks(house: House) -> dict[str, list[str]]:
    """The schedule as status has it, by session."""
    rows: dict[str, list[str]] = {}
    with house.desk() as desk:
        for cell in status.run(desk, "").schedule:
            rows.setdefault(str(cell.session), []).append(f"{cell.job} {cell.mark}")
    return rows


def notes(house: House, at: str) -> list[str]:
    with house.desk(at) as desk:
        return [note for note in check_exits.run(desk).notes if note.startswith(("missed", "late"))]


def test_what_was_left_out_is_said_once_by_the_next_job(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    assert notes(house, "12:00") == []
    first = house.days[1]
    house.next()
    assert notes(house, "09:00") == [f"missed: {first} check-exits, reconcile, report"]
    assert notes(house, "09:30") == [f"missed: {house.days[2]} preflight"]
    assert notes(house, "09:45") == []
    assert [(row["session"], row["job"]) for row in house.rows("SELECT * FROM v_missed")] == [
        (str(first), "preflight"), (str(first), "check-exits"), (str(first), "reconcile"), (str(first), "report"),
        (str(house.days[2]), "preflight"),
    ]  # fmt: skip


def test_nobody_is_alerted_where_somebody_is_there(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    house.next()
    house.next()
    house.daily()
    assert house.rows("SELECT * FROM v_missed") != []
    assert house.rows("SELECT * FROM alerts WHERE key LIKE 'schedule:%'") == []


def test_status_shows_the_last_sessions_and_no_more(make_house: MakeHouse) -> None:
    house = make_house()
    house.replay(house.days[9])
    shown = marks(house)
    assert list(shown) == [str(day) for day in house.days[10 - SESSIONS_SHOWN : 10]]
    assert all(row == [f"{job} ran" for job in Job if f"{job} ran" in row] and len(row) == 5 for row in shown.values())


def test_a_session_that_is_going_on_shows_what_is_due_and_what_is_overdue(make_house: MakeHouse) -> None:
    house = make_house()
    with house.desk("10:00"):
        pass
    assert marks(house)[str(house.days[1])] == [
        "preflight missed", "run-daily overdue", "check-exits due", "reconcile due", "report due",
    ]  # fmt: skip


def test_a_run_that_could_not_even_ask_the_time_has_failed(make_house: MakeHouse) -> None:
    house = make_house()

    with house.desk("09:35", wrap=Silent) as desk, pytest.raises(BrokerUnavailable):
        check_exits.run(desk)
    (run,) = house.rows("SELECT job, status, exit_code FROM runs")
    assert run == {"job": "check-exits", "status": "failed", "exit_code": 6}


def test_a_clock_that_begins_to_be_kept_has_missed_nothing(make_house: MakeHouse) -> None:
    """As when a home whose sessions were begun by hand gets a crontab."""
    house = make_house()
    with house.desk("15:00") as desk:
        kept = replace(desk, schedule_clock=ScheduleClock.REAL)
        assert [note for note in check_exits.run(kept).notes if "missed" in note] == []
        assert JobStatus.MISSED not in {cell.mark for cell in kept.job_schedule().session_jobs()}


def test_a_stale_decision_is_not_traded_and_the_window_is_a_setting(make_house: MakeHouse) -> None:
    house = make_house()
    said = house.daily("11:30")
    assert (said.status.value, said.orders) == ("idle", ())
    assert "run-daily enters until 11:30 New York time" in said.headline
    house.set(ENTRY_WINDOW_MINUTES="300")
    assert house.daily("11:31").status.value == "ran"
