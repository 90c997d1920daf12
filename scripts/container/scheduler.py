"""Starts the jobs of the home at their New York times, in a container, which has no cron. It holds no other state.

python scheduler.py [PROGRAM ...]     default: tradebot

Each job is a process of its own, started with --scheduled: it looks at the exchange's calendar itself. After a pause,
such as that of a laptop, what was due meanwhile is started once. SIGTERM ends the jobs at work, and waits for them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers.rules import HostZone, new_york_rule

_MINUTE = timedelta(minutes=1)
#: The longest pause after which jobs that were due in it are started; they decide whether that still makes sense.
LONGEST_PAUSE = timedelta(hours=12)
_NEW_YORK = HostZone(NEW_YORK.key, NEW_YORK)
_SLOTS = {job: new_york_rule(job).slots() for job in SCHEDULED}


def due_jobs(after: datetime, until: datetime) -> tuple[Job, ...]:
    """The jobs that have a start after one instant and until another, both aware, in the order of the schedule."""
    slots = {_NEW_YORK.slot(minute) for minute in _minutes(max(after, until - LONGEST_PAUSE), until)}
    return tuple(job for job in SCHEDULED if slots & _SLOTS[job])


def _minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    minute = after.replace(second=0, microsecond=0) + _MINUTE
    while minute <= until:
        yield minute
        minute += _MINUTE


def main(program: Sequence[str]) -> int:
    """Start jobs until a signal comes."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    at_work: list[subprocess.Popen[bytes]] = []
    looked = _now()
    print(f"jobs of the schedule are started by {' '.join(program)}", flush=True)
    while not stopped.wait(_seconds_to_next_minute()):
        now = _now()
        for job in due_jobs(looked, now):
            at_work.append(subprocess.Popen([*program, job.value, "--scheduled"], stdin=subprocess.DEVNULL))
        looked = now
        at_work = [each for each in at_work if each.poll() is None]
    for each in at_work:
        each.terminate()
    for each in at_work:
        each.wait()
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _seconds_to_next_minute() -> float:
    now = _now()
    return 60 - now.second - now.microsecond / 1e6 + 0.1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["tradebot"]))
