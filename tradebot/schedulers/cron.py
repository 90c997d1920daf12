"""Crontab lines in the host's time (crontab(5)).

The lines do not use CRON_TZ: cronie applies it, Debian's cron ignores it silently, and where it applies it also changes
the lines below it. The lines stand between two marks; the rest of the crontab is not changed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from pathlib import Path

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers.rules import (
    HostZone,
    ScheduleEntry,
    SchedulerFile,
    Setup,
    Slot,
    WeeklyRule,
    host_rules,
    new_york_rule,
)

_EXAMPLE = """\
# tradebot's day, for `crontab -e`; change the two paths. `tradebot schedule install --for cron` writes these lines for
# this host by itself, and `tradebot schedule verify` tells whether those that are installed start every job in time.
#
# The time-zone trap. The exchange keeps New York time; cron keeps the host's, and which of the two a line means depends
# on the cron that is installed:
#   * cronie (Fedora, RHEL, Arch, openSUSE) obeys CRON_TZ: keep the line below, and the times are New York's all year.
#   * Debian's and Ubuntu's cron ignores CRON_TZ without a word. There, either set the host to New York
#     (timedatectl set-timezone America/New_York; restart cron), or use lines in the host's own time, as in the second
#     block: they name every hour that a New York time can have there.
#   * Two or three weeks in March and one in autumn Europe and New York keep other distances than the rest of the year.
#     A line that names one local European time is an hour off in those weeks.
# An hour too many does no harm: with --scheduled a job looks at the exchange's calendar first, and does nothing where
# it is not due. So holidays, half days and weekends need no care: 13:05 to 13:25 are for days that end at 13:00.

CRON_TZ=America/New_York

# m    h         d m weekday command"""
_EXAMPLE_UTC = "# For a host on UTC whose cron ignores CRON_TZ (take out the block above and the CRON_TZ line):"
_EXAMPLE_ENDS = """\
# On the embedded exchange (BROKER=paper) set PAPER_ADVANCE=daily in .env, so that each New York session date begins
# the next of its sessions; without it `tradebot paper next` does.
"""

_BEGIN = "# >>> "
_FIELDS = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(.+)")
_VARIABLE = re.compile(r"(\w+)\s*=\s*(.*)")


def files(setup: Setup, host: HostZone, first: date) -> tuple[SchedulerFile, ...]:
    """The block of crontab lines, correct for a year from ``first``."""
    lines = [
        _begin_mark(setup, f" in the host's time, {host.name}; `tradebot schedule verify` checks it"),
        *(cron_line(rule, _command(setup, job)) for job in SCHEDULED for rule in host_rules(job, host, first)),
        _end_mark(setup),
    ]
    return (SchedulerFile("crontab", "\n".join(lines) + "\n"),)


def example() -> str:
    """The text of crontab.example: entries for two hosts, and the time zone trap."""
    setup = Setup(("/home/you/.venv/bin/tradebot",), Path("/home/you/tradebot"))
    new_york = [cron_line(new_york_rule(job), _command(setup, job)) for job in SCHEDULED]
    utc, since = HostZone("UTC", UTC), date(2024, 1, 1)
    of_utc = [cron_line(rule, _command(setup, job)) for job in SCHEDULED for rule in host_rules(job, utc, since)]
    return "\n".join((_EXAMPLE, *new_york, "", _EXAMPLE_UTC, *(f"# {text}" for text in of_utc), "", _EXAMPLE_ENDS))


def without(crontab: str, setup: Setup) -> str:
    """The ``crontab`` without the block of this home.

    Of a block whose end somebody took away, the lines that follow its beginning and are entries of this home go.
    """
    lines = crontab.splitlines(keepends=True)
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if lines[at].startswith(_begin_mark(setup)):
            at = _end_of_block(lines, at, setup)
        else:
            kept.append(lines[at])
            at += 1
    return "".join(kept)


def _end_of_block(lines: Sequence[str], begin: int, setup: Setup) -> int:
    """The number of the first line after a block."""
    for at in range(begin + 1, len(lines)):
        if lines[at].startswith(_end_mark(setup)):
            return at + 1
        if lines[at].startswith(_BEGIN):
            break
    at = begin + 1
    while at < len(lines) and entries(lines[at], setup):
        at += 1
    return at


def merged(crontab: str, setup: Setup, block: str) -> str:
    """The ``crontab`` without the block of this home, and with ``block`` at its end."""
    others = without(crontab, setup)
    return f"{others}{'' if others.endswith(chr(10)) or not others else chr(10)}{block}"


def cron_line(rule: WeeklyRule, command: str) -> str:
    """A crontab line with aligned columns."""
    fields = (_numbers(rule.minutes, 60), _numbers(rule.hours, 24), "*", "*", _weekdays(rule.weekdays))
    return f"{fields[0]:<6} {fields[1]:<9} {fields[2]} {fields[3]} {fields[4]:<7} {command}"


def slots(fields: Sequence[str]) -> frozenset[Slot]:
    """The slots of the five time fields; none if they cannot be parsed or name days of the month or months."""
    minutes, hours, day, month, weekdays = fields[:5]
    try:
        days = {(number - 1) % 7 for number in _parsed(weekdays, 0, 7)}
        rule = WeeklyRule(frozenset(days), _parsed(hours, 0, 23), _parsed(minutes, 0, 59))
    except ValueError:
        return frozenset()
    return rule.slots() if (day, month) == ("*", "*") else frozenset()


def entries(crontab: str, setup: Setup) -> tuple[ScheduleEntry, ...]:
    """The entries of this home in a crontab, whoever wrote them."""
    listed, variables = [], {"CRON_TZ": "", "TRADEBOT_HOME": ""}
    for text in map(str.strip, crontab.splitlines()):
        if variable := _VARIABLE.fullmatch(text):
            variables[variable[1]] = variable[2].strip().strip("\"'")
        elif (fields := _FIELDS.fullmatch(text)) and not text.startswith("#") and (job := _job_of(fields[6])):
            home = f"TRADEBOT_HOME={shlex.quote(variables['TRADEBOT_HOME'])} " if variables["TRADEBOT_HOME"] else ""
            command = home + fields[6].replace("\\%", "%")
            listed.append(ScheduleEntry(job, slots(fields.groups()), variables["CRON_TZ"], command))
    return tuple(entry for entry in listed if setup.is_named_in(entry.command))


def _command(setup: Setup, job: Job) -> str:
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in setup.variables.items())
    command = f"{variables} {shlex.join(setup.command(job))} >/dev/null 2>>{shlex.quote(str(setup.errors))}"
    return command.replace("%", "\\%")  # an unescaped % ends the command and starts its standard input


def _begin_mark(setup: Setup, more: str = "") -> str:
    return f"{_BEGIN}{setup.name}{more}"


def _end_mark(setup: Setup) -> str:
    return f"# <<< {setup.name}"


def _job_of(command: str) -> Job | None:
    words = command.split()
    return next((job for job in SCHEDULED if job.value in words), None) if "tradebot" in command else None


def _numbers(values: tuple[int, ...], end: int) -> str:
    """The text of a field: ``*/15``, ``10-15``, or a list. Values are below ``end``."""
    if len(values) > 2 and values == tuple(range(0, end, values[1])):
        return f"*/{values[1]}"
    if len(values) > 2 and values == tuple(range(values[0], values[-1] + 1)):
        return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def _weekdays(days: Iterable[int]) -> str:
    return _numbers(tuple(sorted((day + 1) % 7 for day in days)), 99)  # Sunday is 0 in a crontab


def _parsed(text: str, minimum: int, maximum: int) -> tuple[int, ...]:
    """The values of a field: ``5``, ``1-5``, ``*/15``, ``10-16/2``, and lists of these. Raises ValueError."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{minimum}-{maximum}" if span == "*" else span).partition("-")
        values.update(range(int(first), int(last or (maximum if step else first)) + 1, int(step or 1)))
    return tuple(sorted(value for value in values if minimum <= value <= maximum))
