"""A week of a crontab in which things go wrong: what status shows, what is alerted, what the monitor hears."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - before freezegun exchanges the types that its C code looks at
import pytest
from freezegun import freeze_time
from freezegun.api import TickingDateTimeFactory

from tests.fakes.monitor import Monitor
from tradebot.__main__ import main
from tradebot.core.model.exchange_time import NEW_YORK

#: A week without holidays.
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 12, 7) + timedelta(days=n) for n in range(5))
DAY = (
    (time(9, 0), "preflight"), (time(9, 35), "run-daily"), (time(15, 45), "check-exits"), (time(16, 5), "reconcile"),
    (time(16, 15), "report"),
)  # fmt: skip
#: The clock on the wall is read by the wiring alone; the server of the monitor has one of its own.
NO_CLOCK_THERE = [
    *(f"tradebot.{floor}" for floor in ("core", "ledger", "brokers", "market", "jobs", "plugins", "reports")),
    "http.server", "socketserver", "threading", "queue",
]  # fmt: skip
SECRET = "canary-5f0c2f7e"


class Host:
    """A machine whose crontab starts tradebot with --scheduled, in a home whose monitor listens on this machine."""

    def __init__(
        self, folder: Path, monitor: Monitor, wall: TickingDateTimeFactory, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home = folder / "home"
        self._wall = wall
        self.monitor = monitor
        self._capsys = capsys

    def run(self, day: date, at: time, command: str) -> dict[str, Any]:
        """What a command answers at a New York time."""
        self._wall.move_to(datetime.combine(day, at, NEW_YORK).astimezone(UTC))
        code = main([*command.split(), "--json"])
        said: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        assert said["exit_code"] == code
        return said

    def works(self, day: date, **instead: time | None) -> dict[str, dict[str, Any]]:
        """A day of the crontab; ``instead`` gives a job another time, or none. The last answer of each job."""
        said = {}
        for at, job in DAY:
            when = instead.get(job.replace("-", "_"), at)
            if when is not None:
                said[job] = self.run(day, when, f"{job} --scheduled")
        return said

    def grid(self, day: date, at: time) -> dict[str, str]:
        """The schedule as status has it: the marks of each session's jobs, in their order."""
        rows: dict[str, list[str]] = {}
        for cell in self.run(day, at, "status")["schedule"]:
            rows.setdefault(cell["session"], []).append(cell["mark"])
        return {session: " ".join(marks) for session, marks in rows.items()}

    def alerts(self) -> list[str]:
        """The titles of the alerts about the schedule and about failed jobs, in order."""
        found = self.run(FRIDAY, time(23), "alerts list")["alerts"]
        return [str(one["alert"]["title"]) for one in found]

    def pings(self) -> list[str]:
        return [path.removeprefix(f"/{SECRET}/") for _, path, _ in self.monitor.pings]


@pytest.fixture
def host(
    tmp_path: Path, strategies_checked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Host]:
    monkeypatch.chdir(tmp_path)
    with Monitor() as monitor:
        for name, value in (
            ("HOME", str(tmp_path)),
            ("TRADEBOT_HOME", str(tmp_path / "home")),
            ("TRADEBOT_STATE_DIR", str(tmp_path / "state")),
            ("PAPER_ADVANCE", "daily"),
            ("HEARTBEAT_URL", f"{monitor.url}/{SECRET}/{{job}}"),
        ):
            monkeypatch.setenv(name, value)
        morning = datetime.combine(MONDAY, time(8), NEW_YORK).astimezone(UTC)
        with freeze_time(morning, tick=True, ignore=NO_CLOCK_THERE) as wall:
            assert isinstance(wall, TickingDateTimeFactory)
            assert main(["init-db"]) == 0
            shutil.copy(strategies_checked, tmp_path / "home" / "state")
            capsys.readouterr()
            yield Host(tmp_path, monitor, wall, capsys)


def test_two_missed_days_a_failed_run_and_a_late_one(host: Host) -> None:
    host.works(MONDAY)

    preflight = host.run(THURSDAY, time(9), "preflight --scheduled")
    assert [note for note in preflight["notes"] if "missed" in note] == [
        f"missed: {TUESDAY} every job; {WEDNESDAY} every job"
    ]
    thursday = host.works(THURSDAY, preflight=None, reconcile=None, report=None)
    assert not any("missed" in note for said in thursday.values() for note in said["notes"])
    exchange = host.home / "state" / "paper_exchange.db"
    exchange.rename(exchange.with_suffix(".away"))
    assert host.run(THURSDAY, time(16, 5), "reconcile --scheduled")["exit_code"] != 0
    exchange.with_suffix(".away").rename(exchange)
    host.run(THURSDAY, time(16, 15), "report --scheduled")

    friday = host.works(FRIDAY, run_daily=time(10, 20), check_exits=time(15, 45))
    assert friday["run-daily"]["notes"][0] == f"late: run-daily of {FRIDAY} begins at {FRIDAY} 10:20 EST"
    assert friday["run-daily"]["status"] == "ran"

    assert host.grid(FRIDAY, time(17)) == {
        f"{MONDAY}": "ran ran ran ran ran",
        f"{TUESDAY}": "missed missed missed missed missed",
        f"{WEDNESDAY}": "missed missed missed missed missed",
        f"{THURSDAY}": "ran ran ran failed ran",
        f"{FRIDAY}": "ran late ran ran ran",
    }
    told = [title for title in host.alerts() if "missed" in title or "late" in title or "ended with" in title]
    assert told == [
        f"jobs of {TUESDAY} were missed",
        f"jobs of {WEDNESDAY} were missed",
        "reconcile ended with 3 (config)",
        "run-daily is late",
    ]
    day = [f"{job}{end}" for _, job in DAY for end in ("/start", "")]
    thursdays = [*day[: day.index("reconcile/start")], "reconcile/3", *day[day.index("report/start") :]]
    assert host.pings() == [*day, *thursdays, *day]


def test_a_scheduler_that_comes_at_wrong_hours_does_nothing_and_pings_nobody(host: Host) -> None:
    """As the lines of a host on UTC: every job an hour early or late too, and what closes half days on whole ones."""
    for at, job in ((time(8), "preflight"), (time(8, 35), "run-daily"), (time(9, 30), "check-exits")):
        said = host.run(MONDAY, at, f"{job} --scheduled")
        assert (said["status"], "is not due" in said["headline"]) == ("idle", True)
    assert host.pings() == []
    assert host.run(MONDAY, time(9, 35), "run-daily --scheduled")["status"] == "ran"
    again = host.run(MONDAY, time(10, 35), "run-daily --scheduled")
    assert (again["status"], "ran at" in again["headline"]) == ("idle", True)
    assert host.run(MONDAY, time(13, 5), "reconcile --scheduled")["status"] == "idle"
    assert host.pings() == ["run-daily/start", "run-daily"]


def test_a_mistyped_command_is_no_run_of_its_job_and_pings_nobody(host: Host) -> None:
    assert host.run(MONDAY, time(16, 6), "reconcile --accept NOSUCH")["exit_code"] == 2
    assert host.run(MONDAY, time(16, 7), "reconcile --accept NOSUCH --reason slip")["exit_code"] == 2
    assert host.pings() == []
    assert host.grid(MONDAY, time(16, 8))[f"{MONDAY}"].split()[3] == "due"
    assert not [title for title in host.alerts() if "reconcile" in title]


def test_a_weekend_and_a_half_day_have_what_is_theirs(host: Host) -> None:
    """Christmas Eve of 2026 closes at 13:00, and the exchange does not open on the 25th."""
    eve = date(2026, 12, 24)
    host.works(eve, check_exits=time(12, 45), reconcile=time(13, 5), report=time(13, 15))
    for day in (eve, eve + timedelta(days=1), eve + timedelta(days=2)):
        for at, job in ((time(16, 5), "reconcile"), (time(9, 35), "run-daily"), (time(9), "preflight")):
            if day != eve or at > time(13):
                assert host.run(day, at, f"{job} --scheduled")["status"] == "idle"
    grid = host.grid(eve + timedelta(days=2), time(12))
    assert grid[f"{eve}"] == "ran ran ran ran ran"
    assert list(grid)[-1] == f"{eve}"


def test_a_report_that_was_slept_through_is_caught_up_the_next_morning(host: Host) -> None:
    host.works(MONDAY, report=None)
    said = host.run(TUESDAY, time(8, 30), "report --scheduled")
    assert said["status"] == "ran"
    assert said["session"] == "2006-11-02"  # what Monday was at the embedded exchange
    assert host.grid(TUESDAY, time(8, 40))[f"{MONDAY}"] == "ran ran ran ran late"


def test_run_daily_trades_no_stale_decision(host: Host) -> None:
    said = host.run(MONDAY, time(11, 30), "run-daily")
    assert (said["status"], said["orders"]) == ("idle", [])
    assert "too late for what was decided on the previous close" in said["headline"]
    assert host.grid(MONDAY, time(11, 31))[f"{MONDAY}"] == "missed missed due due due"


def test_a_fresh_home_has_missed_nothing(host: Host) -> None:
    assert host.grid(MONDAY, time(8, 30)) == {f"{MONDAY}": "due due due due due"}


def test_no_secret_of_the_monitor_is_shown_anywhere(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.monitor.status = 500
    host.works(MONDAY, preflight=None, check_exits=None, reconcile=None)
    main(["config", "show"])
    main(["-vv", "status"])
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    for path in host.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("command", ["run-daily", "status"])
def test_a_bad_address_is_a_problem_of_the_configuration(
    command: str, host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEARTBEAT_URL", f"http://monitor.example/{SECRET}")
    assert main([command]) == 3
    shown = capsys.readouterr()
    assert "HEARTBEAT_URL" in shown.err
    assert SECRET not in shown.out + shown.err
