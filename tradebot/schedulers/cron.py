"""Crontab lines: five fields in the host's own time, and a command for the shell.

No line counts on CRON_TZ: cronie obeys it, Debian's cron ignores it without a word, and either way it would change the
lines that stand below it. The block between two marks is ours; the rest of the crontab is left alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from pathlib import Path

from tradebot.core.model.schedule import Job
from tradebot.schedulers.rules import File, HostZone, Rule, ScheduleEntry, Setup, Slot, host_rules, jobs, new_york_rule

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
# it is not due. So holidays, half days and weekends need no care: 13:05 and 13:15 are for days that end at 13:00.

CRON_TZ=America/New_York

# m    h         d m weekday command"""
_EXAMPLE_UTC = "# For a host on UTC whose cron ignores CRON_TZ (take out the block above and the CRON_TZ line):"
_EXAMPLE_ENDS = """\
# On the embedded exchange (BROKER=paper) set PAPER_ADVANCE=daily in .env, so that each New York session date begins
# the next of its sessions; without it `tradebot paper next` does.
"""

_FIELDS = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(.+)")
_VARIABLE = re.compile(r"(\w+)\s*=\s*(.*)")


def files(setup: Setup, host: HostZone, first: date) -> tuple[File, ...]:
    lines = [
        _begins(setup, f" in the host's time, {host.name}; `tradebot schedule verify` checks it"),
        *(line(rule, _command(setup, job)) for job in jobs() for rule in host_rules(job, host, first)),
        _ends(setup),
    ]
    return (File("crontab", "\n".join(lines) + "\n"),)


def example() -> str:
    """The text of crontab.example: the entries for two hosts, with the trap of time zones explained."""
    setup = Setup(("/home/you/.venv/bin/tradebot",), Path("/home/you/tradebot"))
    new_york = [line(new_york_rule(job), _command(setup, job)) for job in jobs()]
    utc = HostZone("UTC", UTC)
    of_utc = [line(rule, _command(setup, job)) for job in jobs() for rule in host_rules(job, utc, date(2024, 1, 1))]
    return "\n".join((_EXAMPLE, *new_york, "", _EXAMPLE_UTC, *(f"# {text}" for text in of_utc), "", _EXAMPLE_ENDS))


def merged(crontab: str, setup: Setup, block: str) -> str:
    """A crontab with our block in the place of the one it had, or at its end."""
    kept, inside = [], False
    for text in crontab.splitlines():
        if text.startswith(_begins(setup)):
            inside = True
        elif text.startswith(_ends(setup)):
            inside = False
        elif not inside:
            kept.append(text)
    return "\n".join([*kept, block])


def line(rule: Rule, command: str) -> str:
    fields = (_numbers(rule.minutes, 60), _numbers(rule.hours, 24), "*", "*", _weekdays(rule.weekdays))
    return f"{fields[0]:<6} {fields[1]:<9} {fields[2]} {fields[3]} {fields[4]:<7} {command}"


def slots(fields: Sequence[str]) -> frozenset[Slot]:
    """The moments that the five fields of a line name; none where they are not understood or name days or months."""
    minutes, hours, day, month, weekdays = fields[:5]
    try:
        days = {(number - 1) % 7 for number in _named(weekdays, 0, 7)}
        rule = Rule(frozenset(days), _named(hours, 0, 23), _named(minutes, 0, 59))
    except ValueError:
        return frozenset()
    return rule.slots() if (day, month) == ("*", "*") else frozenset()


def entries(crontab: str, setup: Setup) -> tuple[ScheduleEntry, ...]:
    """Our jobs as a crontab starts them, whether or not this program wrote its lines."""
    found, variables = [], {"CRON_TZ": "", "TRADEBOT_HOME": ""}
    for text in map(str.strip, crontab.splitlines()):
        if variable := _VARIABLE.fullmatch(text):
            variables[variable[1]] = variable[2].strip().strip("\"'")
        elif (fields := _FIELDS.fullmatch(text)) and not text.startswith("#") and (job := _job_of(fields[6])):
            home = f"TRADEBOT_HOME={shlex.quote(variables['TRADEBOT_HOME'])} " if variables["TRADEBOT_HOME"] else ""
            command = home + fields[6].replace("\\%", "%")
            found.append(ScheduleEntry(job, slots(fields.groups()), variables["CRON_TZ"], command))
    return tuple(entry for entry in found if setup.is_named_in(entry.command))


def _command(setup: Setup, job: Job) -> str:
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in setup.variables.items())
    command = f"{variables} {shlex.join(setup.command(job))} >/dev/null 2>>{shlex.quote(str(setup.errors))}"
    return command.replace("%", "\\%")  # a bare % ends the command and begins its standard input


def _begins(setup: Setup, more: str = "") -> str:
    return f"# >>> {setup.name}{more}"


def _ends(setup: Setup) -> str:
    return f"# <<< {setup.name}"


def _job_of(command: str) -> Job | None:
    words = command.split()
    return next((job for job in jobs() if job.value in words), None) if "tradebot" in command else None


def _numbers(values: tuple[int, ...], most: int) -> str:
    if len(values) > 2 and values == tuple(range(0, most, values[1])):
        return f"*/{values[1]}"
    if len(values) > 2 and values == tuple(range(values[0], values[-1] + 1)):
        return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def _weekdays(days: Iterable[int]) -> str:
    return _numbers(tuple(sorted((day + 1) % 7 for day in days)), 99)  # cron's Sunday is 0


def _named(text: str, least: int, most: int) -> tuple[int, ...]:
    """The numbers of one field: ``5``, ``1-5``, ``*/15``, ``10-16/2``, and lists of these."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{least}-{most}" if span == "*" else span).partition("-")
        found.update(range(int(first), int(last or (most if step else first)) + 1, int(step or 1)))
    return tuple(sorted(number for number in found if least <= number <= most))
