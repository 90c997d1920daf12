"""Logs by weeks: set apart, packed and removed, whoever else is writing."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT
from tradebot.commands.log_rotation import archive, rotate

FRIDAY, SUNDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 22), date(2026, 11, 23)


def line(day: date, text: str = "a line") -> str:
    return f"{day}T14:30:00Z INFO    4711 tradebot.test: {text}\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def write(path: Path, day: date, text: str = "a line") -> Path:
    """A log that was last written to on a day."""
    path.write_text(line(day, text), encoding="utf-8")
    moment = datetime(day.year, day.month, day.day, 21, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def unpacked(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def test_the_main_log_goes_on_through_its_week_and_is_set_apart_after_it(logs: Path) -> None:
    write(logs / "trading_robot.log", FRIDAY)
    rotate(logs, SUNDAY)
    assert names(logs) == ["trading_robot.log"]
    rotate(logs, MONDAY)
    assert names(logs) == ["trading_robot-2026-W47.log"]


def test_a_week_that_spans_new_year_has_the_name_that_the_calendar_gives_it(logs: Path) -> None:
    write(logs / "trading_robot.log", date(2027, 1, 1))
    rotate(logs, date(2027, 1, 4))
    assert names(logs) == ["trading_robot-2026-W53.log"]


@pytest.mark.parametrize("content", ["", "no time at all\n"])
def test_a_log_that_does_not_say_when_it_began_stays(logs: Path, content: str) -> None:
    (logs / "trading_robot.log").write_text(content)
    rotate(logs, MONDAY)
    assert names(logs) == ["trading_robot.log"]


def test_weeks_that_are_over_are_packed_and_this_one_is_not(logs: Path) -> None:
    write(logs / "trading_robot-2026-W47.log", FRIDAY, "last week")
    write(logs / "daily_automation_2026-11-20.log", FRIDAY)
    write(logs / "daily_automation_2026-11-23.log", MONDAY)
    write(logs / "mine.log", date(2020, 1, 1))
    archive(logs, MONDAY, keep_weeks=4)
    assert names(logs) == [
        "daily_automation_2026-11-20.log.gz",
        "daily_automation_2026-11-23.log",
        "mine.log",
        "trading_robot-2026-W47.log.gz",
    ]
    assert unpacked(logs / "archive" / "trading_robot-2026-W47.log.gz") == line(FRIDAY, "last week")


def test_what_somebody_still_writes_to_is_packed_a_week_later(logs: Path) -> None:
    write(logs / "trading_robot-2026-W47.log", MONDAY)
    archive(logs, MONDAY, keep_weeks=4)
    assert names(logs) == ["trading_robot-2026-W47.log"]
    archive(logs, date(2026, 11, 30), keep_weeks=4)
    assert names(logs) == ["trading_robot-2026-W47.log.gz"]


def test_old_weeks_are_removed(logs: Path) -> None:
    write(logs / "trading_robot-2026-W47.log", FRIDAY)
    archive(logs, MONDAY, keep_weeks=2)
    archive(logs, date(2026, 12, 1), keep_weeks=2)
    assert names(logs) == ["trading_robot-2026-W47.log.gz"]
    archive(logs, date(2026, 12, 7), keep_weeks=2)
    assert names(logs) == []


def test_a_second_log_of_one_week_overwrites_no_first(logs: Path) -> None:
    for text in ("first", "second"):
        write(logs / "trading_robot.log", FRIDAY, text)
        rotate(logs, MONDAY)
        archive(logs, MONDAY, keep_weeks=4)
    packed = sorted((logs / "archive").glob("*.gz"))
    assert [path.name for path in packed] == ["trading_robot-2026-W47-2.log.gz", "trading_robot-2026-W47.log.gz"]
    assert sorted(unpacked(path) for path in packed) == [line(FRIDAY, "first"), line(FRIDAY, "second")]


def test_processes_that_all_begin_the_week_lose_no_line(logs: Path) -> None:
    """Each writes to the log that it opened, whatever the others do to it meanwhile."""
    write(logs / "trading_robot.log", FRIDAY, "before")
    script = """
import sys
from datetime import date
from pathlib import Path
from tradebot.commands.log_rotation import archive, rotate
logs, name = Path(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
for number in range(20):
    rotate(logs, date(2026, 11, 23))
    with (logs / "trading_robot.log").open("a") as log:
        log.write(f"2026-11-23T14:30:00Z INFO    1 test: {name} {number}\\n")
    archive(logs, date(2026, 11, 23), 4)
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(logs), name],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        for name in "abcd"
    ]
    for process in processes:
        process.communicate("go\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    assert names(logs) == ["trading_robot-2026-W47.log.gz", "trading_robot.log"] or names(logs) == [
        "trading_robot-2026-W47.log",
        "trading_robot.log",
    ]
    kept = [unpacked(path) if path.suffix == ".gz" else path.read_text() for path in logs.rglob("trading_robot*")]
    written = "".join(kept).splitlines()
    assert len(written) == len(set(written)) == 1 + 4 * 20
