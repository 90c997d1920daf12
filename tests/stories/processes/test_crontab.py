"""A crontab on the embedded exchange: with PAPER_ADVANCE=daily the date on the wall begins its sessions.

The commands run in this process, where freezegun can set the clock on the wall; everything else is as cron finds it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - before freezegun exchanges the types that its C code looks at
import pytest
from freezegun import freeze_time

from tradebot.__main__ import main
from tradebot.core.model.exchange_time import NEW_YORK

#: crontab.example, with fewer of its looks for exits.
CRONTAB = (
    (time(9, 0), "preflight"), (time(9, 35), "run-daily"), (time(9, 45), "check-exits"), (time(12, 30), "check-exits"),
    (time(15, 45), "check-exits"), (time(16, 5), "reconcile"), (time(16, 15), "report"),
)  # fmt: skip
#: The Sunday before Thanksgiving of 2026: that Thursday is a holiday, and on the Friday after it trading ends at 13:00.
SUNDAY = date(2026, 11, 22)

#: The clock on the wall is read by the wiring alone. Others only name the types that freezegun exchanges.
NO_CLOCK_THERE = [
    f"tradebot.{floor}" for floor in ("core", "ledger", "brokers", "market", "jobs", "plugins", "reports")
]

Cron = Callable[[datetime, str], dict[str, Any]]


@pytest.fixture
def cron(
    tmp_path: Path, strategies_checked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cron:
    """Runs a command at a time in New York, in a home that lets the wall begin its sessions."""
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("HOME", str(tmp_path)),
        ("TRADEBOT_HOME", str(tmp_path / "home")),
        ("TRADEBOT_STATE_DIR", str(tmp_path / "state")),
        ("PAPER_ADVANCE", "daily"),
    ):
        monkeypatch.setenv(name, value)

    def run(at: datetime, command: str) -> dict[str, Any]:
        with freeze_time(at.astimezone(UTC), tick=True, ignore=NO_CLOCK_THERE):
            code = main([*command.split(), "--json"])
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert said["exit_code"] == code == 0, said
        return said

    with freeze_time(datetime.combine(SUNDAY, time(0), NEW_YORK).astimezone(UTC), tick=True, ignore=NO_CLOCK_THERE):
        assert main(["init-db"]) == 0
    shutil.copy(strategies_checked, tmp_path / "home" / "state")
    capsys.readouterr()
    return run


def _day(cron: Cron, day: date) -> list[dict[str, Any]]:
    return [cron(datetime.combine(day, at, NEW_YORK), command) for at, command in CRONTAB]


def test_a_week_of_a_crontab_trades_a_session_each_session_date(cron: Cron) -> None:
    sessions: dict[str, tuple[str, str]] = {}
    orders: set[str] = set()
    for after in range(3, 9):
        day = SUNDAY + timedelta(days=after)
        preflight, run, *checks, reconcile, report = _day(cron, day)
        assert {job["session"] for job in (preflight, run, *checks, reconcile, report)} == {run["session"]}
        assert (preflight["status"], reconcile["status"], report["status"]) == ("ran", "ran", "ran")
        assert {check["status"] for check in checks} == {run["status"]}
        assert orders.isdisjoint(order["client_order_id"] for order in run["orders"])
        orders.update(order["client_order_id"] for order in run["orders"])
        sessions[f"{day:%a}{day.day}"] = (run["session"], run["status"])
    assert sessions == {
        "Wed25": ("2006-11-02", "ran"),
        "Thu26": ("2006-11-02", "idle"),
        "Fri27": ("2006-11-03", "ran"),
        "Sat28": ("2006-11-03", "idle"),
        "Sun29": ("2006-11-03", "idle"),
        "Mon30": ("2006-11-06", "ran"),
    }
    assert len(orders) >= 3


def test_a_session_is_traded_once_however_often_the_day_asks(cron: Cron) -> None:
    monday = SUNDAY + timedelta(days=1)
    first = cron(datetime.combine(monday, time(9, 35), NEW_YORK), "run-daily")
    assert len(first["orders"]) == 3
    for at in (time(9, 36), time(10, 35), time(15, 59), time(19, 30), time(23, 59)):  # 19:30 is tomorrow in UTC
        again = cron(datetime.combine(monday, at, NEW_YORK), "run-daily")
        assert (again["session"], again["status"], again["orders"]) == (first["session"], "idle", [])


def test_a_look_before_the_open_leaves_the_session_to_be_traded(cron: Cron) -> None:
    """As the lines for a host on UTC make it in winter: every job comes an hour early too."""
    monday = SUNDAY + timedelta(days=1)

    def at(hour: int, minute: int, command: str) -> dict[str, Any]:
        return cron(datetime.combine(monday, time(hour, minute), NEW_YORK), command)

    assert at(0, 1, "report")["fills"] == []
    assert at(8, 0, "check-exits")["status"] == "idle"
    assert at(8, 35, "run-daily")["status"] == "idle"
    assert len(at(9, 35, "run-daily")["orders"]) == 3
    assert at(15, 5, "reconcile")["status"] == "ran"
    assert at(15, 45, "check-exits")["status"] == "ran"


def test_days_that_the_machine_slept_through_are_not_caught_up(cron: Cron) -> None:
    assert _day(cron, SUNDAY + timedelta(days=1))[1]["session"] == "2006-11-02"
    assert _day(cron, SUNDAY + timedelta(days=10))[1]["session"] == "2006-11-03"


def test_the_exchange_does_not_go_back_with_the_wall(cron: Cron) -> None:
    assert _day(cron, SUNDAY + timedelta(days=2))[1]["status"] == "ran"
    yesterday = _day(cron, SUNDAY + timedelta(days=1))
    assert {job["session"] for job in yesterday} == {"2006-11-02"}
    assert yesterday[1]["status"] == "idle"


def test_a_home_made_on_a_weekend_waits_for_the_first_session_date(cron: Cron) -> None:
    sunday = _day(cron, SUNDAY)
    *jobs, report = (job["session"] for job in sunday)
    assert set(jobs) == {"2006-11-02"}
    assert report == "2006-11-01"  # of what is over, and the first session has not begun
    assert (sunday[1]["status"], sunday[1]["orders"]) == ("idle", [])
    monday = cron(datetime.combine(SUNDAY + timedelta(days=1), time(9, 35), NEW_YORK), "run-daily")
    assert (monday["session"], monday["status"], len(monday["orders"])) == ("2006-11-02", "ran", 3)
