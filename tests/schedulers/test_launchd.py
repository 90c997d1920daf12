"""The agents of a home, read back as property lists."""

from __future__ import annotations

import plistlib

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.schedule import SCHEDULED
from tradebot.schedulers import SchedulerKind, Setup, build_files


def test_launchd_gets_property_lists_with_every_moment_of_the_week(setup: Setup) -> None:
    files = build_files(SchedulerKind.LAUNCHD, setup, BERLIN, FIRST)
    for file, job in zip(files, SCHEDULED, strict=True):
        agent = plistlib.loads(file.content)
        assert f"{agent['Label']}.plist" == file.name
        assert agent["ProgramArguments"] == [*setup.program, job.value, "--scheduled"]
        assert agent["EnvironmentVariables"]["TRADEBOT_HOME"] == str(setup.home)
        assert all(set(start) == {"Weekday", "Hour", "Minute"} for start in agent["StartCalendarInterval"])
        assert {start["Weekday"] for start in agent["StartCalendarInterval"]} == {1, 2, 3, 4, 5}
    run_daily = plistlib.loads(files[1].content)["StartCalendarInterval"]
    assert {(start["Hour"], start["Minute"]) for start in run_daily} == {(14, 35), (15, 35)}
