"""Sudden death at any step between the request for an entry and the resting of its stop: the next job puts it right.

The gap is the bot's own at Robinhood, where no entry takes its stop along. Steps are those of
``tests.fakes.interrupted``; the job that comes next is of another kind each time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from signal import Signals

import pytest

from tests.fakes.robinhood.process import serving
from tests.long_form import long
from tests.stories.processes.at_robinhood import AtRobinhood
from tests.stories.processes.conftest import ending
from tests.stories.processes.interrupting import CODES, interrupt, started, steps_of
from tests.stories.processes.played import new_york
from tests.stories.processes.robinhood_week import MONDAY, MORNING, judge
from tests.stories.processes.traces import Traces
from tradebot.core.model.order_ids import ref_id

if os.name == "nt":
    pytest.skip("Windows has no such signals", allow_module_level=True)

OPENED, NEXT = new_york(MONDAY, 9, 35), new_york(MONDAY, 9, 40)
ENTER, SEND = ("run-daily",), "POST orders"
NOW = OPENED.isoformat()
#: What comes next. An emergency stop latches, and what it leaves open keeps its stop.
STOP = ("emergency-stop", "--reason", "drill")
NEXT_JOBS = (("check-exits",), ("reconcile",), STOP)


@contextmanager
def at_the_open(folder: Path, begun: Path | None = None, null_refs: int = 0) -> Iterator[AtRobinhood]:
    """A machine at 09:35 of a session in which its strategy enters two symbols: a new one, or a copy of another's."""
    folder.mkdir()
    if begun is not None:
        shutil.copytree(begun / "home", folder / "home")
        shutil.copytree(begun / "robinhood", folder / "robinhood")
    with serving(folder / "robinhood", "--start", MONDAY.isoformat()) as fake:
        machine = AtRobinhood(folder, fake)
        machine.settle_in("MAX_DAILY_TRADES=2")
        fake.go_to(MORNING)
        machine.log_in(MORNING)
        if begun is None:
            assert machine.at(MORNING, "init-db").code == 0
        fake.go_to(OPENED)
        fake.terms(null_refs=null_refs)
        yield machine


#: The steps that a test tries: its first, and each so-manieth after it.
PART, SHORT = 10, 67


@pytest.mark.parametrize(("first", "stride"), [(0, SHORT), *(long(first, PART) for first in range(PART))])
def test_the_next_job_puts_right_what_a_death_left_between_an_entry_and_its_stop(
    tmp_path: Path, first: int, stride: int
) -> None:
    with at_the_open(tmp_path / "begun"):
        pass
    with at_the_open(tmp_path / "whole", tmp_path / "begun") as whole:
        assert ending(started(whole, ENTER, TRADEBOT_NOW=NOW)).code == 0
        sent = [number for number, step in enumerate(steps_of(whole), 1) if step == SEND]
        assert len(sent) == 4, "two entries and two stops"
    for moment in range(sent[0] + first, sent[-1] + 2, stride):
        with at_the_open(tmp_path / "trial", tmp_path / "begun", null_refs=moment % 2) as machine:
            assert list(wrong_after(machine, moment, NEXT_JOBS[moment % len(NEXT_JOBS)])) == []
        shutil.rmtree(tmp_path / "trial")


def wrong_after(machine: AtRobinhood, moment: int, job: tuple[str, ...]) -> Iterator[str]:
    """Kill the command that enters right before a step, run another, and tell what is wrong."""
    assert interrupt(machine, ENTER, moment, Signals.SIGKILL, TRADEBOT_NOW=NOW) == CODES[Signals.SIGKILL]
    where, left = f"step {moment}, {steps_of(machine)[-1]}", Traces.of(machine.home, machine.fake.exchange_file)
    leaving = [name for name, intent in left.intents.items() if intent["state"] == "submitting"]
    is_lost = any("-entry-" in name and ref_id(name) not in left.arrived for name in leaving)
    ended = machine.at(NEXT, *job)
    if ended.code != ((9 if job is STOP else 6) if is_lost else 0):  # an entry may arrive that no list has yet
        yield f"{where}: {job} ended with {ended.code}: {ended.err}"
    yield from (f"{where}, {job}: {wrong}" for wrong in (*bare(machine), *doubled(machine)))
    if job is STOP:
        machine.at(NEXT, "resume", "--reason", "drilled", "--yes")
    yield from (f"{where}, {job}: {wrong}" for wrong in judge(machine))


def bare(machine: AtRobinhood) -> Iterator[str]:
    """Shares at the exchange that the live stops do not cover one by one."""
    with closing(sqlite3.connect(machine.fake.exchange_file)) as exchange:
        held = dict(exchange.execute("SELECT symbol, quantity FROM positions"))
        stops: defaultdict[str, Decimal] = defaultdict(Decimal)
        for symbol, quantity in exchange.execute("SELECT symbol, quantity FROM orders WHERE live = 1"):
            stops[symbol] += Decimal(quantity)
    for symbol in held.keys() | stops.keys():
        if Decimal(held.get(symbol, 0)) != stops[symbol]:
            yield f"{held.get(symbol)} {symbol} are held, and stops over {stops[symbol]} rest"


def doubled(machine: AtRobinhood) -> Iterator[str]:
    """Orders that left twice, and symbols that were entered twice."""
    sent = [each["body"] for each in machine.fake.requests() if (each["method"], each["path"]) == ("POST", "/orders/")]
    entries = Counter(body["instrument"] for body in sent if body["side"] == "buy")
    for what, times in (Counter(body["ref_id"] for body in sent) + entries).items():
        if times > 1:
            yield f"{what} was sent {times} times"
