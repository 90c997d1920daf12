"""What each scheduler is given, read back by the scheduler's own tool or by somebody else's parser."""

from __future__ import annotations

import plistlib
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
import yaml
from cronsim import CronSim

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.schedule import DAY, Job
from tradebot.schedulers import HostZone, SchedulerKind, Setup, build_files, cron, write_files
from tradebot.schedulers.rules import host_rules, new_york_rule
from tradebot.schedulers.systemd import calendar
from tradebot.schedulers.windows import NAMESPACE

ANALYZE = shutil.which("systemd-analyze")


def lines_of(setup: Setup) -> list[str]:
    (file,) = build_files(SchedulerKind.CRON, setup, BERLIN, FIRST)
    return [line for line in file.text.splitlines() if not line.startswith("#")]


def test_a_crontab_is_understood_by_another_cron_and_by_a_shell(setup: Setup) -> None:
    lines = lines_of(setup)
    assert len(lines) == len(DAY)
    for line, job in zip(lines, DAY, strict=True):
        *fields, command = line.split(maxsplit=5)
        next(CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC)))
        assert "%" not in command.replace("\\%", "")  # a bare one would end the command
        words = shlex.split(command.replace("\\%", "%"))
        assert words[:2] == [
            f"TRADEBOT_HOME={setup.home}",
            f"TRADEBOT_STATE_DIR={setup.variables['TRADEBOT_STATE_DIR']}",
        ]
        assert words[2:5] == [*setup.program, job.value, "--scheduled"]


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(setup: Setup, tmp_path: Path) -> None:
    paths = write_files(build_files(SchedulerKind.SYSTEMD, setup, BERLIN, FIRST), tmp_path / "units")
    assert len(paths) == 2 * len(DAY)
    ended = subprocess.run(
        [str(ANALYZE), "--user", "verify", *map(str, paths)],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    ours = [line for line in ended.stderr.splitlines() if setup.name in line]
    assert (ended.returncode, ours) == (0, [])


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
@pytest.mark.parametrize(
    ("job", "since", "elapses"),
    [
        (Job.RUN_DAILY, "2026-03-06 20:00:00 UTC", ["2026-03-09 13:35:00", "2026-03-10 13:35:00"]),
        (Job.RUN_DAILY, "2026-10-30 20:00:00 UTC", ["2026-11-02 14:35:00", "2026-11-03 14:35:00"]),
        (Job.RECONCILE, "2026-11-27 00:00:00 UTC", ["2026-11-27 18:05:00", "2026-11-27 21:05:00"]),
        (Job.CHECK_EXITS, "2026-11-27 20:40:00 UTC", ["2026-11-27 20:45:00", "2026-11-30 14:00:00"]),
    ],
)
def test_systemd_reads_the_times_as_new_yorks(job: Job, since: str, elapses: list[str]) -> None:
    ended = subprocess.run(
        [str(ANALYZE), "calendar", "--iterations=2", f"--base-time={since}", calendar(new_york_rule(job))],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )
    assert [elapse for elapse in elapses if elapse in ended.stdout] == elapses


def test_launchd_gets_property_lists_with_every_moment_of_the_week(setup: Setup) -> None:
    files = build_files(SchedulerKind.LAUNCHD, setup, BERLIN, FIRST)
    for file, job in zip(files, DAY, strict=True):
        agent = plistlib.loads(file.text.encode())
        assert f"{agent['Label']}.plist" == file.name
        assert agent["ProgramArguments"] == [*setup.program, job.value, "--scheduled"]
        assert agent["EnvironmentVariables"]["TRADEBOT_HOME"] == str(setup.home)
        assert all(set(start) == {"Weekday", "Hour", "Minute"} for start in agent["StartCalendarInterval"])
        assert {start["Weekday"] for start in agent["StartCalendarInterval"]} == {1, 2, 3, 4, 5}
    run_daily = plistlib.loads(files[1].text.encode())["StartCalendarInterval"]
    assert {(start["Hour"], start["Minute"]) for start in run_daily} == {(14, 35), (15, 35)}


#: The part of the Task Scheduler Schema (MS-TSCH 2.5) that we use: of each element its children, in their order.
SCHEMA = {
    "Task": ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"],
    "RegistrationInfo": ["Description"],
    "CalendarTrigger": ["StartBoundary", "Repetition", "ScheduleByWeek"],
    "Repetition": ["Interval", "Duration", "StopAtDurationEnd"],
    "ScheduleByWeek": ["WeeksInterval", "DaysOfWeek"],
    "DaysOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "Principals": ["Principal"],
    "Principal": ["LogonType", "RunLevel"],
    "Settings": [
        "MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "StartWhenAvailable",
        "WakeToRun", "ExecutionTimeLimit", "Enabled",
    ],
    "Actions": ["Exec"],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}  # fmt: skip


def test_windows_gets_tasks_of_its_schema(setup: Setup) -> None:
    for file, job in zip(build_files(SchedulerKind.WINDOWS, setup, BERLIN, FIRST), DAY, strict=True):
        root = ET.fromstring(file.text.encode("utf-16"))
        assert (_name(root), root.get("version")) == ("Task", "1.2")
        for element in root.iter():
            children = [_name(child) for child in element]
            if _name(element) == "Triggers":
                assert 1 <= len(children) <= 48
                assert set(children) == {"CalendarTrigger"}
            elif children:
                known = SCHEMA[_name(element)]
                assert children == [child for child in known if child in children]
        (action,) = root.iter(f"{{{NAMESPACE}}}Exec")
        command, arguments, folder = (child.text for child in action)
        assert (command, folder) == (setup.program[0], str(setup.home))
        assert arguments == f'{job} --scheduled --home "{setup.home}"'


def _name(element: ET.Element) -> str:
    assert element.tag.startswith(f"{{{NAMESPACE}}}")
    return element.tag.partition("}")[2]


#: Of CronJobSpec in batch/v1 and of what it holds: the fields that we use, and whose values.
CRON_JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": str, "labels": {"app": str}},
    "spec": {
        "schedule": str,
        "timeZone": "America/New_York",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": int,
        "successfulJobsHistoryLimit": int,
        "failedJobsHistoryLimit": int,
        "jobTemplate": {
            "spec": {
                "backoffLimit": 0,
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "terminationGracePeriodSeconds": int,
                        "containers": [
                            {
                                "name": str,
                                "image": str,
                                "command": [str],
                                "env": [{"name": str, "value": str}],
                                "volumeMounts": [{"name": str, "mountPath": str}],
                            }
                        ],
                        "volumes": [{"name": str, "persistentVolumeClaim": {"claimName": str}}],
                    }
                },
            }
        },
    },
}


def test_kubernetes_gets_cron_jobs_of_its_schema(setup: Setup) -> None:
    (file,) = build_files(SchedulerKind.KUBERNETES, setup, BERLIN, FIRST)
    found = list(yaml.safe_load_all(file.text))
    assert [one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"] for one in found] == [
        [*setup.program, job.value, "--scheduled"] for job in DAY
    ]
    for one in found:
        _fits(one, CRON_JOB)
        assert len(one["metadata"]["name"]) <= 52  # CronJobs leave 11 letters for the names of their jobs
        next(CronSim(one["spec"]["schedule"], datetime(2026, 1, 1, tzinfo=UTC)))
        (variable, _) = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]
        assert variable == {"name": "TRADEBOT_HOME", "value": str(setup.home)}


def _fits(value: Any, schema: Any) -> None:
    if isinstance(schema, dict):
        assert set(value) == set(schema)
        for key in schema:
            _fits(value[key], schema[key])
    elif isinstance(schema, list):
        for item in value:
            _fits(item, schema[0])
    elif isinstance(schema, type):
        assert isinstance(value, schema)
    else:
        assert value == schema


def test_a_crontab_line_names_hours_together(setup: Setup) -> None:
    assert [" ".join(line.split()[:5]) for line in lines_of(setup)] == [
        "0 14,15 * * 1-5",
        "35 14,15 * * 1-5",
        "*/15 14-21 * * 1-5",
        "5 18,19,21,22 * * 1-5",
        "15 18,19,21,22 * * 1-5",
    ]


def test_days_shift_where_new_york_trades_at_night() -> None:
    sydney = HostZone("Australia/Sydney", ZoneInfo("Australia/Sydney"))
    moments = {slot for rule in host_rules(Job.RUN_DAILY, sydney, FIRST) for slot in rule.slots()}
    assert {(slot.weekday, slot.hour) for slot in moments} == {
        *((day, 23) for day in range(5)), *((day, hour) for day in range(1, 6) for hour in (0, 1)),
    }  # fmt: skip


def test_the_example_is_made_by_the_same_code() -> None:
    root = Path(__file__).parents[2]
    assert (root / "crontab.example").read_text(encoding="utf-8") == cron.example(), "run scripts/update_docs.py"
    for line in cron.example().splitlines():
        if line[:1].isdigit() or line.startswith("*"):
            next(CronSim(" ".join(line.split()[:5]), datetime(2026, 1, 1, tzinfo=UTC)))
