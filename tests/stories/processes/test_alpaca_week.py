"""A week at Alpaca by the crontab's own lines, each at its own time; a shell starts those of the first and last day."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path

import pytest
from cronsim import CronSim

from tests.fakes.alpaca.process import Running, running
from tests.stories.processes.conftest import PATIENCE
from tests.stories.processes.played import KEYS, Played, differences, new_york
from tradebot.core.model.exchange_time import NEW_YORK

if os.name == "nt":
    pytest.skip("cron is of other systems", allow_module_level=True)

#: The week of Thanksgiving: the exchange is closed on the Thursday, and on the Friday it closes at 13:00.
MONDAY, THURSDAY, FRIDAY = date(2007, 11, 19), date(2007, 11, 22), date(2007, 11, 23)
#: What the crontab starts. Status shows all but the backup.
JOBS = ("preflight", "run-daily", "check-exits", "reconcile", "report", "diff", "backup")
#: The looks for exits that are made, of the 28 that a day has: the last of whole days and of half ones.
LOOKS = {time(12, 45), time(15, 45)}
#: When a job is started that is not due then. To see it do nothing once is enough.
IDLE = {
    (MONDAY, time(13, 5)), (THURSDAY, time(9)), (THURSDAY, time(9, 35)), (THURSDAY, time(15, 45)),
    (FRIDAY, time(15, 45)), (FRIDAY, time(16, 5)), (FRIDAY, time(16, 25)),
}  # fmt: skip


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "alpaca", "--start", MONDAY.isoformat()) as alpaca:
        alpaca.terms(keys=KEYS)
        yield alpaca


@pytest.fixture
def played(tmp_path: Path, alpaca: Running) -> Played:
    machine = Played(tmp_path)
    machine.url = alpaca.url
    machine.settle_in("STRATEGIES=tsla_improved_strategy")
    return machine


def starts(crontab: str) -> Iterator[tuple[datetime, str]]:
    """What cron starts in the week, and is worth a process here: diff on the Friday alone."""
    begin = datetime.combine(MONDAY, time(), NEW_YORK)
    for line in crontab.splitlines():
        if not line or line.startswith("#"):
            continue
        *fields, command = line.split(maxsplit=5)
        for at in CronSim(" ".join(fields), begin):
            if at.date() > FRIDAY:
                break
            if ("check-exits" not in command or at.time() in LOOKS) and ("diff" not in command or at.date() == FRIDAY):
                yield at, command


def arguments_of(command: str) -> list[str]:
    """What a line of the crontab gives ``tradebot``."""
    before, after = command.split("tradebot ", 1)
    assert before.endswith("/") and ">" in after, command
    return shlex.split(after.partition(">")[0])


def is_due(at: datetime) -> bool:
    """Whether the job that a line starts is due then, and not only another day."""
    if at.time() in {time(9), time(9, 35)}:
        return at.date() != THURSDAY
    closes_early = at.time() in {time(12, 45), time(13, 5), time(13, 15), time(13, 20), time(13, 25)}
    return at.date() != THURSDAY and closes_early == (at.date() == FRIDAY)


def test_the_same_books_on_both_sides(played: Played, alpaca: Running) -> None:
    morning = new_york(MONDAY, 8)
    alpaca.go_to(morning)
    assert played.at(morning, "init-db").code == 0
    crontab = played.at(morning, "schedule", "print", "--for", "cron", "--zone", "America/New_York").out
    done: Counter[str] = Counter()
    for at, command in sorted(starts(crontab)):
        if is_due(at) or (at.date(), at.time()) in IDLE:
            alpaca.go_to(at)
            if at.date() in (MONDAY, FRIDAY):
                shell = ["/bin/sh", "-c", command]
                environment = played.environment(TRADEBOT_NOW=at.isoformat())
                ended = subprocess.run(shell, env=environment, cwd=played.folder, timeout=PATIENCE)
                assert ended.returncode == 0, f"{at} {command}\n{(played.home / 'schedule.log').read_text()}"
            else:
                started = played.at(at, *arguments_of(command))
                assert started.code == 0, f"{at} {command}\n{started.err}"
            done[next(job for job in JOBS if job in command)] += 1
    assert set(done) == set(JOBS)
    assert sum(done.values()) == (len(JOBS) - 1) * 4 + 1 + len(IDLE), done
    assert len(list((played.home / "backups").iterdir())) == 4, "one a session"

    evening = new_york(FRIDAY, 16, 30)
    alpaca.go_to(evening)
    reconciled = played.at(evening, "reconcile", "--json")
    assert (reconciled.code, reconciled.json["breaks"], reconciled.json["failures"]) == (0, [], [])
    assert played.at(evening, "verify").code == 0
    standing = played.at(evening, "status", "--json").json
    marks = {(cell["session"], cell["job"]): cell["mark"] for cell in standing["schedule"]}
    assert (len(marks), set(marks.values())) == (5 * 4 + 1, {"ran"})
    assert list(differences(played.home, alpaca.exchange_file)) == []
    states, cash = _books(alpaca)
    assert states["filled"] >= 7, states
    assert states["replaced"] >= 1, "a trailing stop was raised"
    assert cash == standing["account"]["cash"]


def _books(alpaca: Running) -> tuple[Counter[str], str]:
    """How many orders of each state the broker has, and the account's cash."""
    with closing(sqlite3.connect(alpaca.exchange_file)) as books:
        states = Counter(state for (state,) in books.execute("SELECT state FROM orders"))
        return states, books.execute("SELECT cash FROM exchange").fetchone()[0]
