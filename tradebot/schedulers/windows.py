"""Tasks of the Windows Task Scheduler as XML, one a job, in the host's time.

Elements and their order are those of the Task Scheduler Schema (MS-TSCH 2.5). A task cannot set environment variables,
so that the home is an option of the command.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from xml.etree import ElementTree as ET

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers.rules import HostZone, ScheduleEntry, SchedulerFile, Setup, Slot, WeeklyRule, host_rules

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: The Task Scheduler takes UTF-16 with a byte order mark, and no file that declares another encoding than it has.
_DECLARATION = '<?xml version="1.0" encoding="UTF-16"?>\n'
#: The declaration of a task that the tool has printed, in the encoding of the terminal whatever it says.
_DECLARED = re.compile(r"^\ufeff?<\?xml[^>]*\?>")
#: The first day of the triggers, a Monday.
_SINCE = date(2024, 1, 1)
_MINUTES = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?")


def task(setup: Setup, job: Job) -> str:
    """The name of the task of a job, with its folder."""
    return f"\\tradebot\\{setup.entry(job)}"


def files(setup: Setup, host: HostZone, first: date) -> tuple[SchedulerFile, ...]:
    """An XML file for each job, correct for a year from ``first``."""
    return tuple(task_file(setup.entry(job), _task(setup, job, host, first)) for job in SCHEDULED)


def entries(files: Mapping[str, bytes], setup: Setup) -> tuple[ScheduleEntry, ...]:
    """The entries of this home in tasks, given as XML files by name, each in the encoding that it declares.

    A disabled or unreadable task is no entry.
    """
    listed = []
    for job in SCHEDULED:
        content = files.get(f"{setup.entry(job)}.xml")
        if content is None:
            continue
        root = _read(content)
        if root is None:
            continue
        slots = frozenset(slot for trigger in root.iter(_tag("CalendarTrigger")) for slot in _slots(trigger))
        if _is_enabled(root):
            listed.append(ScheduleEntry(job, slots, "", _command(root)))
    return tuple(listed)


def read_command(content: bytes) -> str:
    """The command line of a task, given as an XML file; "" for an unreadable or disabled one."""
    root = _read(content)
    return _command(root) if root is not None and _is_enabled(root) else ""


def _read(content: bytes) -> ET.Element | None:
    """The root of an XML file, in the encoding that it declares; None for what cannot be read."""
    try:
        return ET.fromstring(content)
    except (ET.ParseError, ValueError, LookupError):  # no XML; an encoding that it does not have, or that is none
        return None


def _command(root: ET.Element) -> str:
    command = " ".join(element.text or "" for name in ("Command", "Arguments") for element in root.iter(_tag(name)))
    return command.replace('"', "")


def _is_enabled(root: ET.Element) -> bool:
    enabled = root.find(f"{_tag('Settings')}/{_tag('Enabled')}")
    return enabled is None or enabled.text != "false"


def printed(text: str) -> bytes:
    """The XML file of a task whose XML the scheduler's tool has printed."""
    return _DECLARED.sub("", text).encode()


def _task(setup: Setup, job: Job, host: HostZone, first: date) -> ET.Element:
    program, *arguments = setup.command(job)
    root = task_root(f"tradebot {job} in {setup.home}")
    triggers = ET.SubElement(root, "Triggers")
    for rule in host_rules(job, host, first):
        for hours in _runs_of(rule.hours):
            for minutes in [rule.minutes] if _is_even(rule.minutes) else zip(rule.minutes, strict=True):
                _trigger(triggers, WeeklyRule(rule.weekdays, hours, minutes))
    add_user(root)
    add_settings(root, time_limit="PT1H", wakes="true")
    words = subprocess.list2cmdline([*arguments, "--home", str(setup.home)])
    add_action(root, program, words, str(setup.home))
    return root


def task_root(description: str) -> ET.Element:
    """A task without triggers, user, settings and action, which follow in this order."""
    root = ET.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    ET.SubElement(ET.SubElement(root, "RegistrationInfo"), "Description").text = description
    return root


def add_user(root: ET.Element) -> None:
    """Let the task run as the user who installs it, while that user is logged in."""
    principal = ET.SubElement(ET.SubElement(root, "Principals"), "Principal", {"id": "Author"})
    add_texts(principal, LogonType="InteractiveToken", RunLevel="LeastPrivilege")


def add_settings(root: ET.Element, *, time_limit: str, wakes: str) -> None:
    """Add the settings of the task: it runs once at a time, on batteries too, and as soon as it can be started."""
    add_texts(
        ET.SubElement(root, "Settings"),
        MultipleInstancesPolicy="IgnoreNew",
        DisallowStartIfOnBatteries="false",
        StopIfGoingOnBatteries="false",
        StartWhenAvailable="true",
        WakeToRun=wakes,
        ExecutionTimeLimit=time_limit,
        Enabled="true",
    )


def add_action(root: ET.Element, program: str, arguments: str, folder: str) -> None:
    """Add what the task starts."""
    action = ET.SubElement(ET.SubElement(root, "Actions", {"Context": "Author"}), "Exec")
    add_texts(action, Command=program, Arguments=arguments, WorkingDirectory=folder)


def task_file(name: str, root: ET.Element) -> SchedulerFile:
    """The file of a task, as the Task Scheduler takes it."""
    ET.indent(root)
    return SchedulerFile(f"{name}.xml", f"{ET.tostring(root, encoding='unicode')}\n", "utf-16", _DECLARATION)


def _trigger(triggers: ET.Element, rule: WeeklyRule) -> None:
    """Add a trigger for one minute of one hour, or one that repeats through consecutive hours."""
    start = datetime.combine(_SINCE, datetime.min.time()).replace(hour=rule.hours[0], minute=rule.minutes[0])
    trigger = ET.SubElement(triggers, "CalendarTrigger")
    add_texts(trigger, StartBoundary=start.isoformat())
    if len(rule.hours) * len(rule.minutes) > 1:
        step = 60 // len(rule.minutes)
        lasts = len(rule.hours) * 60 - 1
        repetition = ET.SubElement(trigger, "Repetition")
        add_texts(repetition, Interval=f"PT{step}M", Duration=f"PT{lasts}M", StopAtDurationEnd="false")
    week = ET.SubElement(trigger, "ScheduleByWeek")
    add_texts(week, WeeksInterval="1")
    days = ET.SubElement(week, "DaysOfWeek")
    for number in sorted(rule.weekdays):
        ET.SubElement(days, _DAYS[number])


def _is_even(minutes: tuple[int, ...]) -> bool:
    """Whether the minutes have equal distances, also across the hour, so that one repetition gives them."""
    step = 60 // len(minutes)
    return minutes == tuple(range(minutes[0], minutes[0] + 60, step))


def _runs_of(hours: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Split ascending hours into runs of consecutive ones."""
    run: list[int] = []
    for hour in hours:
        if run and hour != run[-1] + 1:
            yield tuple(run)
            run = []
        run.append(hour)
    yield tuple(run)


def _slots(trigger: ET.Element) -> Iterator[Slot]:
    start = datetime.fromisoformat(trigger.findtext(_tag("StartBoundary"), ""))
    interval = _minutes(trigger.findtext(f"{_tag('Repetition')}/{_tag('Interval')}", ""))
    duration = _minutes(trigger.findtext(f"{_tag('Repetition')}/{_tag('Duration')}", ""))
    for element in trigger.findall(f"{_tag('ScheduleByWeek')}/{_tag('DaysOfWeek')}/*"):
        weekday = _DAYS.index(element.tag.removeprefix(f"{{{NAMESPACE}}}"))
        for after in range(0, duration + 1, interval) if interval else (0,):
            at = start + timedelta(minutes=after)
            yield Slot((weekday + (at.date() - start.date()).days) % 7, at.hour, at.minute)


def _minutes(duration: str) -> int:
    """The minutes of an ISO 8601 duration such as PT1H30M; 0 for any other text."""
    match = _MINUTES.fullmatch(duration)
    return int(match[1] or 0) * 60 + int(match[2] or 0) if match else 0


def add_texts(parent: ET.Element, **texts: str) -> None:
    """Add child elements with these names and texts."""
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
