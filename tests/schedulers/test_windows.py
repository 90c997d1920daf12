"""The tasks of a home, held against the schema of the Task Scheduler."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.schedule import SCHEDULED
from tradebot.schedulers import SchedulerKind, Setup, build_files
from tradebot.schedulers.windows import NAMESPACE

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
    for file, job in zip(build_files(SchedulerKind.WINDOWS, setup, BERLIN, FIRST), SCHEDULED, strict=True):
        root = ET.fromstring(file.content)
        assert (name_of(root), root.get("version")) == ("Task", "1.2")
        for element in root.iter():
            children = [name_of(child) for child in element]
            if name_of(element) == "Triggers":
                assert 1 <= len(children) <= 48
                assert set(children) == {"CalendarTrigger"}
            elif children:
                known = SCHEMA[name_of(element)]
                assert children == [child for child in known if child in children]
        (action,) = root.iter(f"{{{NAMESPACE}}}Exec")
        command, arguments, folder = (child.text for child in action)
        assert (command, folder) == (setup.program[0], str(setup.home))
        assert arguments == f'{job} --scheduled --home "{setup.home}"'


def name_of(element: ET.Element) -> str:
    assert element.tag.startswith(f"{{{NAMESPACE}}}")
    return element.tag.partition("}")[2]
