"""A world from its first session to its recovery: steps are done in order, promises are checked after each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random

from tests.worlds import invariants
from tests.worlds.baton import Baton
from tests.worlds.coverage import BESIDE, met_in
from tests.worlds.doors import Opening, directly
from tests.worlds.hands import act
from tests.worlds.ledgers import LedgerOpening, in_a_file
from tests.worlds.market import Market
from tests.worlds.process import Ended, Process
from tests.worlds.real_life import RENAMED, SYMBOL_HALTED, rename, set_volume
from tests.worlds.schedule import recovery
from tests.worlds.story import Promise, Story
from tests.worlds.town import Town, found
from tests.worlds.world import ByHand, Lapse, Missed, Overlap, Run, Step, World
from tradebot.core.model.schedule import Job

#: Where worlds are kept while they run: in memory, where the system has such a place.
_MEMORY = Path("/dev/shm")


def simulate(world: World, market: Market, opening: Opening = directly, keeping: LedgerOpening = in_a_file) -> Story:
    """Run a world and give its story. The same world always has the same story.

    ``opening`` is how its processes reach the exchange, ``keeping`` where its ledger lies.
    """
    with _folder() as home, found(world, market, home, opening, keeping) as town:
        _live(town)
        for objection in town.door.objections():
            town.story.violate(Promise.SPOKEN, objection)
        town.story.met.update(met_in(town))
        _keep_the_end(town)
        return town.story


def _keep_the_end(town: Town) -> None:
    """Put into the story what the ledger says of alerts, halts and breaks at the end."""
    story, ledger = town.story, town.ledger
    for row in ledger.rows("SELECT raised_at, level, title FROM alerts ORDER BY seq"):
        story.alerts.append(f"{row['raised_at'][:10]} {row['level']}: {row['title']}")
    for row in ledger.rows("SELECT session, rule, cleared_at FROM halts ORDER BY halt_id"):
        story.halts.append(f"{row['session']} {row['rule']}, cleared {(row['cleared_at'] or 'never')[:10]}")
    story.breaks = len(ledger.rows("SELECT 1 FROM breaks WHERE closed_at IS NULL"))


@contextmanager
def _folder() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="world-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield home
    finally:
        shutil.rmtree(home)


def _live(town: Town) -> None:
    """The days as drawn, then a fault-free run of the jobs; it ends early once a promise is broken."""
    story = town.story
    last = town.world.days[-1].session
    _change_symbols(town)
    for day in town.world.days:
        _begin(town, day.session)
        for step in day.steps:
            _do(town, step)
            if story.violations:
                return
    story.tell("recovery")
    for session, runs in recovery(last, town.market):
        _begin(town, session)
        for run in runs:
            _do(town, run)
            if story.violations:
                return
    invariants.recovered(town)


def _begin(town: Town, session: date) -> None:
    """Come to a session, by way of those in which nothing was drawn."""
    with town.venue.exchange() as exchange:
        while town.session < session:
            town.session = town.venue.next_session(exchange)
            _change_symbols(town)
        held = ", ".join(f"{p.quantity:f} {p.symbol}" for p in exchange.status().positions) or "nothing"
    town.story.tell(f"session {session}: {held} held")


def _change_symbols(town: Town) -> None:
    """Stop the trading of the symbols that are halted in the session, and rename the one whose day it is."""
    file, world, story = str(town.venue.path), town.world, town.story
    if world.renamed is not None and not town.is_renamed and town.session >= world.renamed[1]:
        old = world.renamed[0]
        town.is_renamed = True
        rename(file, old, town.name_of(old))
        story.happened(RENAMED, f"{old} is called {town.name_of(old)} from now on")
    for symbol, session in world.halted:
        if session == town.session:
            town.volumes[symbol, session] = set_volume(file, town.name_of(symbol), session, 0)
            story.happened(SYMBOL_HALTED, f"{symbol} does not trade")


def _do(town: Town, step: Step) -> None:
    """Do one step at its time, and check what must hold after it."""
    if isinstance(step, Missed):
        town.story.happened(Lapse.MISSED, f"{step.job} of {step.at:%H:%M} UTC is missed")
        return
    with town.venue.exchange() as exchange:
        town.venue.go_to(exchange, step.at)
        town.tell_activities()
        if isinstance(step, ByHand):
            act(town, exchange, step)
            town.tell_activities()
            return
    match step:
        case Run():
            town.story.met.update(step.met)
            ended = [Process(town, "a", step).work()]
        case Overlap(first=first, second=second):
            town.story.met.update([Lapse.OVERLAPPING, *first.met, *second.met])
            if Job.EMERGENCY_STOP in (first.job, second.job):
                town.story.met[BESIDE] += 1
            ended = _together(town, step)
    town.tell_activities()
    invariants.after(town, ended)


def _together(town: Town, overlap: Overlap) -> list[Ended]:
    ended: list[Ended] = []

    def runner(who: str, run: Run) -> Callable[[Callable[[], None]], None]:
        return lambda pass_on: ended.append(Process(town, who, run, pass_on).work())

    baton = Baton(Random(overlap.seed), overlap.restless, overlap.head_start)
    baton.race(runner("a", overlap.first), runner("b", overlap.second))
    return ended
