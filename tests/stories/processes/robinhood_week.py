"""A week at Robinhood: what the crontab starts, and whether both sides tell the same story afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path

from cronsim import CronSim

from tests.fakes.robinhood.process import Running, running
from tests.stories.processes.at_robinhood import NUMBER, AtRobinhood
from tests.stories.processes.played import differences, new_york
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.order_ids import ref_id

#: The week of Thanksgiving: the exchange is closed on the Thursday, and on the Friday it closes at 13:00.
MONDAY, TUESDAY, FRIDAY = date(2007, 11, 19), date(2007, 11, 20), date(2007, 11, 23)
DAYS = (MONDAY, TUESDAY, date(2007, 11, 21), FRIDAY)
MORNING, EVENING = new_york(MONDAY, 8), new_york(FRIDAY, 16, 30)


@contextmanager
def monday_morning(folder: Path) -> Iterator[Running]:
    """Robinhood, played in a folder, on the first morning of the week."""
    with running(folder / "robinhood", "--start", MONDAY.isoformat()) as fake:
        fake.go_to(MORNING)
        yield fake


def crontab(machine: AtRobinhood) -> str:
    """The lines that a user installs."""
    return machine.at(MORNING, "schedule", "print", "--for", "cron", "--zone", "America/New_York").out


def starts(lines: str, looks: Collection[time]) -> Iterator[tuple[datetime, str]]:
    """What cron starts in the week, in order, with so many of the looks for exits of a day, and diff on the Friday."""
    begin, found = datetime.combine(MONDAY, time(), NEW_YORK), []
    for line in lines.splitlines():
        if not line or line.startswith("#"):
            continue
        *fields, command = line.split(maxsplit=5)
        for at in CronSim(" ".join(fields), begin):
            if at.date() > FRIDAY:
                break
            if ("check-exits" not in command or at.time() in looks) and ("diff" not in command or at.date() == FRIDAY):
                found.append((at, command))
    yield from sorted(found)


def is_due(at: datetime) -> bool:
    """Whether the job that a line starts is due then, and not only on another day."""
    if at.date() not in DAYS:
        return False
    closes_early = at.time() in {time(12, 45), time(13, 5), time(13, 15), time(13, 20), time(13, 25)}
    return at.time() in {time(9), time(9, 35)} or closes_early == (at.date() == FRIDAY)


def arguments(command: str) -> list[str]:
    """What a line of the crontab types after ``tradebot``."""
    words = shlex.split(command.partition(" >")[0])
    return words[next(index for index, word in enumerate(words) if "tradebot" in word and "=" not in word) + 1 :]


def judge(machine: AtRobinhood) -> Iterator[str]:
    """What is wrong after the week."""
    reconciled = machine.at(EVENING, "reconcile", "--json")
    if (reconciled.code, reconciled.json["breaks"], reconciled.json["failures"]) != (0, [], []):
        yield f"reconcile: {reconciled.out} {reconciled.err}"
    if (verified := machine.at(EVENING, "verify")).code:
        yield f"verify: {verified.out} {verified.err}"
    yield from differences(machine.home, machine.fake.exchange_file, ref_id)


def leaks(machine: AtRobinhood, shown: str) -> Iterator[str]:
    """Where a token is, or the number of the account: in what was shown or logged; a token in any file but its own."""
    secrets = {*machine.secrets()}
    yield from (f"{secret[:4]}... was shown" for secret in secrets if secret in shown)
    for path in _files(machine.home):
        content = path.read_bytes()
        kept = secrets if path.suffix == ".log" else secrets - {NUMBER}
        yield from (f"{secret[:4]}... is in {path}" for secret in kept if secret.encode() in content)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
