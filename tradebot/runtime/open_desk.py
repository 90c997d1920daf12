"""Opens the desk of a command, and releases what it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from tradebot.core.model.ownership import Ownership
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import Blocked
from tradebot.home import locks
from tradebot.home.latch import AccountLatch, HomeLatch
from tradebot.home.shutdown_signals import ShutdownSignals
from tradebot.jobs.desk import AccountReading, Desk
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.runtime.alerts import outbox_alerts
from tradebot.runtime.chain_heads import halt_for_missing_heads, keep_head, refuse_other_history
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import accounts_of_home, ledger_home, refuse_unjoined
from tradebot.runtime.homes import (
    HomeContext,
    account_key,
    account_on_this_machine,
    configuration,
    home_context,
    is_fresh,
    pin,
    refuse_other_brokers,
    register_home,
    schedule_clock,
)
from tradebot.runtime.ledger_copy import refuse_moved
from tradebot.runtime.send_guard import ProcessGuard
from tradebot.runtime.shared_ledger import take_account
from tradebot.runtime.state_folder import lost_state, stamp
from tradebot.runtime.strategies import LazyStrategies, strategy_book
from tradebot.runtime.venue import Venue, open_venue
from tradebot.settings import GlobalOptions, Loaded, Settings

if TYPE_CHECKING:
    from tradebot.brokers.paper import PaperExchange
    from tradebot.ports import Alerts, Latch, Lock, SendGuard, StopSwitch, Strategies


@dataclass(frozen=True, slots=True)
class Access:
    """What a command may do."""

    makes_home: bool = False
    locks: bool = False  # takes the locks of home and account, which writing needs
    asks_strategies: bool = False


ACCESS: dict[Job, Access] = {
    Job.PREFLIGHT: Access(asks_strategies=True),
    Job.RUN_DAILY: Access(makes_home=True, locks=True, asks_strategies=True),
    Job.CHECK_EXITS: Access(locks=True, asks_strategies=True),
    Job.RECONCILE: Access(locks=True),
    Job.DIFF: Access(asks_strategies=True),
    Job.REPORT: Access(),
    Job.RESUME: Access(locks=True),
    Job.STATUS: Access(),
    Job.POSITIONS: Access(),
    Job.ORDERS: Access(),
    Job.RISK: Access(),
    Job.ADOPT: Access(locks=True, asks_strategies=True),
    Job.REPLAY: Access(makes_home=True, locks=True, asks_strategies=True),
}


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A desk with what else a command needs."""

    desk: Desk
    context: HomeContext
    loaded: Loaded
    lock_holder: str  # "" when the home was not locked
    venue: Venue

    @property
    def exchange(self) -> PaperExchange:
        """The embedded exchange, for a replay."""
        assert self.venue.exchange is not None, "a replay is refused at other brokers"
        return self.venue.exchange


@contextmanager
def open_desk(
    options: GlobalOptions, job: Job, *, durable: bool = True, start: date | None = None
) -> Iterator[OpenDesk]:
    """Wire a desk for ``job``; release everything at the end.

    Without ``durable`` a power cut may lose the newest operations, which makes a replay faster. ``start`` is the first
    session of an exchange that is made now. Raises ConfigError, Blocked (not the pinned account), Locked, LedgerError
    and BrokerUnavailable.
    """
    loaded = configuration(options)
    settings, access = loaded.settings, ACCESS[job]
    if job is Job.REPLAY:
        refuse_other_brokers(settings, job)
    fresh = is_fresh(settings, makes_home=access.makes_home)
    stop, guard = ShutdownSignals(), ProcessGuard()
    strategies = strategy_book(settings, stop.check) if access.asks_strategies else None
    with ExitStack() as held:
        held.enter_context(stop)
        if strategies is not None:
            held.callback(strategies.close)
        lock: Lock = Unlocked()
        holder = locks.holder(settings.home, SystemClock().wall())
        if access.locks:
            lock = held.enter_context(locks.home_lock(settings.home, command=job, wall=SystemClock().now()))
        if strategies is not None and job is Job.REPLAY:  # it always asks them
            strategies.prepare()
        replays = job is Job.REPLAY
        venue = held.enter_context(
            open_venue(settings, fresh=access.makes_home, durable=durable, start=start, replays=replays, guard=guard)
        )
        broker, clock = venue.broker, venue.clock
        opened_on = AccountReading(broker.account(), clock.now())
        account_id = opened_on.account.account_id
        key = account_key(broker, account_id)
        if access.locks:
            name = account_on_this_machine(settings, key)
            account_lock = locks.account_lock(settings.state_path, name, command=job, wall=clock.wall())
            lock = BothLocks(lock, held.enter_context(account_lock))
        database = open_database(settings.ledger, create=fresh, durable=durable)
        held.callback(database.close)
        lost = lost_state(settings, database)
        if lost is None:
            refuse_unjoined(settings, database)
            refuse_other_history(settings, database)
        refuse_moved(settings, database, key)
        home_latch = HomeLatch(settings.home, lost)
        latch = AccountLatch(home_latch, key, lambda: accounts_of_home(settings, database))
        if job in DAY:
            venue.advance(job)
        tracked_by = ScheduleClock.EXCHANGE if replays else schedule_clock(settings)
        if lost is None and fresh:
            register_home(settings, database)
        elif lost is None and access.locks:
            stamp(settings, database)
        pin(settings, database, broker, account_id, clock, tracked_by)
        ledger = database.bind(key)
        if access.locks:
            taken = held.enter_context(take_account(settings, database, ledger, job))
            lock = BothLocks(lock, taken)
            guard.bind(taken.assert_held)
            # a replay that is cut short notes nothing, so that the one that goes on writes the same ledger
            held.push(lambda kind, error, trace: _keep_head(settings, database, key, home_latch, noted=error is None))
            from tradebot.runtime.import_stop_journals import import_journals

            import_journals(settings.home, ledger)
            if lost is None:  # which halts, and took the heads with it
                halt_for_missing_heads(settings, database, ledger, clock)
        alerts = outbox_alerts(settings, ledger, clock, silent=replays)
        desk = desk_at(venue, settings, ledger, strategies, lock, stop, alerts, latch, guard)
        yield OpenDesk(
            replace(desk, schedule_clock=tracked_by, opened_on=opened_on, home_id=ledger_home(settings, database)),
            home_context(settings, broker, account_id),
            loaded,
            holder,
            venue,
        )


def _keep_head(settings: Settings, database: Database, key: str, latch: HomeLatch, *, noted: bool) -> None:
    """Store the head of the account's chain in the state folder, unless that is not this home's."""
    if latch.lost is None:
        keep_head(settings, database, key, noted=noted)


def desk_at(
    venue: Venue,
    settings: Settings,
    ledger: AccountLedger,
    strategies: Strategies | None,
    lock: Lock,
    stop: StopSwitch,
    alerts: Alerts,
    latch: Latch,
    guard: SendGuard,
) -> Desk:
    """A desk at a venue. Without ``strategies``, those of the settings are loaded when first asked for."""
    venue.calendar.correct(ledger.calendar_days.all())
    return Desk(
        settings=settings,
        ownership=Ownership(ledger.account_key),
        clock=venue.clock,
        calendar=venue.calendar,
        broker=venue.broker,
        market=venue.market,
        ledger=ledger,
        strategies=strategies or LazyStrategies(settings),
        latch=latch,
        lock=lock,
        stop=stop,
        alerts=alerts,
        guard=guard,
        pid=os.getpid(),
        schedule_clock=schedule_clock(settings),
        fresh_for=venue.fresh_for,
    )


class BothLocks:
    """The home's lock and the account's as one lock: neither is enough alone."""

    def __init__(self, *held: Lock) -> None:
        self._held = held

    def assert_held(self) -> None:
        """Raise Locked unless both are held."""
        for lock in self._held:
            lock.assert_held()


class Unlocked:
    """The lock of a command that only reads: sending raises Blocked."""

    def assert_held(self) -> None:
        """Raise Blocked."""
        raise Blocked("this command holds no lock and may not send orders")
