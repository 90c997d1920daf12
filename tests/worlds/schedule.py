"""When the jobs of a world run: the schedule of a session with its missing, doubled, late and overlapping runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from tests.worlds.market import Market
from tests.worlds.world import Run
from tradebot.core.model.account import SessionHours
from tradebot.core.model.schedule import CHECK_EXITS_EVERY, NEEDED, Job, due_time
from tradebot.market.calendar import NyseCalendar


def hours_of(session: date) -> SessionHours:
    hours = NyseCalendar().hours(session)
    assert hours is not None, f"{session} is no session"
    return hours


def due(job: Job, session: date) -> Run:
    """A job at the time of a session when it is due."""
    at = due_time(job, hours_of(session))
    assert at is not None, f"{job} is not part of the schedule"
    return Run(job, at)


def recovery(last: date, market: Market) -> Iterator[tuple[date, tuple[Run, ...]]]:
    """The runs by which a bot recovers: what is left of the last session, and the whole of the next."""
    yield last, tuple(due(job, last) for job in (Job.CHECK_EXITS, Job.RECONCILE))
    following = market.after(last)
    yield following, tuple(due(job, following) for job in NEEDED)


def calm_day(session: date, chance: Random) -> tuple[Run, ...]:
    """A session on which the schedule runs as it should, with some of its many runs of check-exits.

    The jobs that only tell are left out of most: the worlds are about those that trade.
    """
    runs = [due(job, session) for job in (Job.RUN_DAILY, Job.RECONCILE)]
    runs += [due(job, session) for job in (Job.PREFLIGHT, Job.REPORT) if chance.random() < 0.25]
    hours = hours_of(session)
    first, last = hours.opens + timedelta(minutes=15), hours.closes - CHECK_EXITS_EVERY
    turns = (last - first) // CHECK_EXITS_EVERY
    for turn in sorted(chance.sample(range(turns + 1), chance.choice([0, 1, 1, 2, 3]))):
        runs.append(Run(Job.CHECK_EXITS, first + turn * CHECK_EXITS_EVERY))
    return tuple(sorted(runs, key=lambda run: run.at))
