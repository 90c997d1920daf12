"""One process of a world: wired as the command would wire it, run to its end, or killed on the way."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from tests.worlds.faults import Fault, FaultKind, Io, Killed
from tests.worlds.moment import Cover, Moment
from tests.worlds.ports import (
    WALL,
    OthersAtWork,
    Scripts,
    Signals,
    Told,
    WatchedJournal,
    WatchedLatch,
    WatchedLock,
    WorldClock,
    WorldData,
)
from tests.worlds.story import Promise
from tests.worlds.town import Town
from tests.worlds.witness import Witness
from tests.worlds.world import Run
from tradebot.alerts.sinks import OutboxAlerts
from tradebot.alerts.spool import Spool
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.halts import Halt
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.ownership import BookedPositions, Ownership
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_periods import AskedPeriod
from tradebot.errors import TradebotError
from tradebot.home import locks, paths
from tradebot.home.halt_file import LatchFile
from tradebot.home.stop_journal import StopJournalFile
from tradebot.jobs import check_exits, preflight, reconcile, report, resume, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.jobs.emergency_stop.latch import halt_for_stop, set_latch
from tradebot.jobs.emergency_stop.run import StopDesk
from tradebot.ledger.database import AccountLedger, Database
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.ports import Lock
from tradebot.runtime.homes import account_key, pin
from tradebot.runtime.host_notice import latch_in_ledger
from tradebot.runtime.import_stop_journals import import_journals
from tradebot.runtime.send_guard import ProcessGuard
from tradebot.runtime.shared_ledger import is_shared, take_account
from tradebot.settings import Settings

_UNTRUE_POSITIONS = (FaultKind.FEWER_SHARES, FaultKind.OLD_ANSWER, FaultKind.EMPTY_LIST)
_TWICE = 2
#: The jobs that hold the lock while they work.
LOCKING = frozenset({Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE, Job.RESUME})
_JOBS: dict[Job, Callable[[Desk], Outcome]] = {
    Job.RUN_DAILY: run_daily.run,
    Job.CHECK_EXITS: check_exits.run,
    Job.RECONCILE: reconcile.run,
    Job.PREFLIGHT: preflight.run,
    Job.REPORT: partial(report.run, asked=AskedPeriod()),
    Job.RESUME: partial(resume.run, reason="looked at it"),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: with an outcome, with an error that it told its user, or killed (neither)."""

    run: Run
    outcome: Outcome | None = None
    error: TradebotError | None = None
    met_fault: bool = False
    overlapped: bool = False
    moved: bool = False  # whether something happened at the exchange meanwhile, after its last read perhaps
    moments: tuple[Moment, ...] = ()  # at which it read the account
    covers: tuple[Cover, ...] = ()  # as the exchange had it when the broker was read, the last few times

    @property
    def ran(self) -> bool:
        """Whether it did its work to the end."""
        return self.outcome is not None and self.outcome.status is RunStatus.RAN

    def __str__(self) -> str:
        if self.outcome is not None:
            return f"{self.outcome.status}, code {int(self.outcome.exit_code)}: {self.outcome.headline}"
        return "killed" if self.error is None else f"{type(self.error).__name__}: {self.error}"


class Process:
    """A process ``who`` that does ``run`` in a town. ``pass_on`` is called at each of its steps."""

    def __init__(self, town: Town, who: str, run: Run, pass_on: Callable[[], None] | None = None) -> None:
        self.town = town
        self.who = who
        self.run = run
        self.overlaps = pass_on is not None
        self.io = Io(run.faults, self._met, pass_on or (lambda: None))
        places = Settings(tradebot_home=town.home, tradebot_state_dir=town.state_path, database_url=town.database)
        limits: dict[str, Any] = dict(town.world.settings)
        self.settings = replace(places, emergency_stop_enabled=run.flag, **limits)
        untrue = [fault.times for fault in run.faults if fault.kind in _UNTRUE_POSITIONS]
        self.witness = Witness(town, who, self.settings, locks=run.job in LOCKING, misled=sum(untrue) > _TWICE)

    def work(self) -> Ended:
        """Run to the end. An error that no command would tell its user is a broken promise."""
        story = self.town.story
        story.tell(f"  {self.who}: {self.run}")
        try:
            ended = Ended(self.run, outcome=self._stop() if self.run.job is Job.EMERGENCY_STOP else self._job())
        except TradebotError as error:
            ended = Ended(self.run, error=error)
        except Killed:
            ended = Ended(self.run)
        except Exception:  # noqa: BLE001 - whatever a job did not foresee, the story has to tell
            story.violate(Promise.NO_BUG, traceback.format_exc())
            ended = Ended(self.run)
        finally:
            self.witness.released_lock()
        text = f"  {self.who}: {ended}".replace(str(self.town.home), "~")
        story.tell(self.town.book.steady(text).replace(self.town.door.host, "the broker"))
        return replace(
            ended,
            met_fault=self.io.met_fault,
            moved=self.io.moved,
            overlapped=self.overlaps,
            moments=tuple(self.witness.moments),
            covers=tuple(self.witness.covers),
        )

    def _met(self, fault: Fault, where: str) -> None:
        self.town.story.met_fault(self.who, fault, where)

    def _job(self) -> Outcome:
        with self._desk() as desk:
            return _JOBS[self.run.job](desk)

    @contextmanager
    def _desk(self) -> Iterator[Desk]:
        """A desk as `runtime.open_office` wires one, over ports with steps."""
        town, io, run = self.town, self.io, self.run
        locking = run.job in LOCKING
        with ExitStack() as held:
            locks_held: list[Lock] = []
            if locking:
                locks_held.append(held.enter_context(locks.home_lock(town.home, command=run.job, wall=WALL)))
                self.witness.took_lock()
            exchange = held.enter_context(town.venue.exchange())
            clock = WorldClock(town.venue, exchange, io, timedelta(seconds=run.skew))
            broker = held.enter_context(town.door.broker(exchange, io, self.witness, pressing=False))
            account_id = broker.account().account_id
            key = account_key(broker, account_id)
            if locking:
                of_account = locks.account_lock(town.state_path, key, command=run.job, wall=WALL)
                locks_held.append(held.enter_context(of_account))
            database = self._database()
            held.callback(database.close)
            pin(self.settings, database, broker, account_id, clock)
            guard = ProcessGuard()
            if locking and is_shared(self.settings):
                taken = held.enter_context(take_account(self.settings, database, database.bind(key), run.job))
                locks_held.append(taken)
                guard.bind(taken.assert_held)
            if locking:
                import_journals(town.home, database.bind(key))
            yield Desk(
                settings=self.settings,
                ownership=Ownership(key),
                clock=clock,
                calendar=CorrectedCalendar(NyseCalendar()),
                broker=broker,
                market=self._data(exchange),
                ledger=database.bind(key),
                strategies=Scripts(town.world, io),
                latch=self._latch(),
                lock=WatchedLock(tuple(locks_held), paths.lock_file(town.home), io),
                stop=Signals(io),
                alerts=Told(town.story.tell, self._outbox(database.bind(key), clock)),
                guard=guard,
                pid=1,
                fresh_for=town.door.fresh_for,
            )

    def _stop(self) -> Outcome:
        """An emergency stop, as `runtime.open_stop_desk` wires it: the latch first, no lock, the ledger only read."""
        town, io = self.town, self.io
        latch = self._latch()
        with ExitStack() as held:
            exchange = held.enter_context(town.venue.exchange())
            clock = WorldClock(town.venue, exchange, io, timedelta(seconds=self.run.skew))
            halt = halt_for_stop(clock, "stopped by the operator")
            not_latched = set_latch(latch, halt)
            not_told = self._tell_hosts(halt)
            broker = held.enter_context(town.door.broker(exchange, io, self.witness, pressing=True))
            key = account_key(broker, broker.account().account_id)

            def booked() -> BookedPositions:
                with closing(self._database()) as database:
                    return database.bind(key).booked_positions()

            town.stops += 1
            journal = StopJournalFile(town.home, WALL + timedelta(minutes=town.stops))
            held.callback(lambda: journal.close(WALL))
            desk = StopDesk(
                ownership=Ownership(key),
                clock=clock,
                broker=broker,
                market=self._data(exchange),
                latch=latch,
                alerts=Told(town.story.tell),
                guard=ProcessGuard(),
                booked=booked,
                not_latched=not_latched,
                hosts_not_told=lambda: not_told,
                journal=WatchedJournal(journal, io),
                others=OthersAtWork(self._others, io),
            )
            return emergency_stop.run(desk, close_positions=self.run.close)

    def _tell_hosts(self, halt: Halt) -> str:
        """Tell a shared ledger of the halt of a stop. Returns why other hosts may not know of it, or ""."""
        if not is_shared(self.settings):
            return ""
        try:
            with closing(self._database()) as database:
                latch_in_ledger(self.settings, database, halt, takes_account=True)
        except TradebotError as error:
            return f"other hosts may go on: {error}"
        return ""

    def _data(self, exchange: PaperExchange) -> WorldData:
        renamed = self.town.world.renamed
        named = (renamed[0], self.town.name_of(renamed[0]), renamed[1]) if renamed and self.town.is_renamed else None
        return WorldData(self.town.market, exchange, self.io, named)

    def _outbox(self, ledger: AccountLedger, clock: WorldClock) -> OutboxAlerts:
        spool = Spool(paths.spool_file(self.town.home))
        return OutboxAlerts(ledger.outbox, spool, ledger.account_key, clock, lambda text: text, silent=True)

    def _others(self) -> str:
        return ", ".join(who for who in self.town.at_work if who != self.who)

    def _database(self) -> Database:
        return Database(self.town.book.engine(self.io, waits=self.overlaps))

    def _latch(self) -> WatchedLatch:
        return WatchedLatch(LatchFile(self.town.latch_file), self.io, self.witness)
