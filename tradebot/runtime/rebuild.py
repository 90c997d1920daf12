"""Opens a desk over a fresh ledger, which replaces the old one when the job succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.schedule import Job
from tradebot.errors import Blocked, LedgerBusy, LedgerError
from tradebot.home import locks, paths
from tradebot.home.atomic_files import sync_folder
from tradebot.home.latch import AccountLatch, HomeLatch
from tradebot.home.shutdown_signals import ShutdownSignals
from tradebot.jobs.desk import Desk
from tradebot.jobs.rebuild import PreviousFiles
from tradebot.ledger import generations
from tradebot.ledger.database import open_database
from tradebot.ledger.homes import KnownHome
from tradebot.ledger.swap_file import new_file_path, new_ledger, old_file_path, remove_files, swap_in
from tradebot.ports import Broker
from tradebot.runtime.alerts import spool_alerts
from tradebot.runtime.chain_heads import keep_head
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import ledger_home, pinned_account_of, pinned_keys
from tradebot.runtime.homes import (
    HomeContext,
    account_key,
    account_on_this_machine,
    configuration,
    home_context,
    is_fresh,
    other_account_text,
    register_home,
)
from tradebot.runtime.ledger_copy import refuse_moved
from tradebot.runtime.open_desk import BothLocks, desk_at
from tradebot.runtime.replaced_history import carry_over, is_whole, set_lost_heads_aside, switch_history
from tradebot.runtime.send_guard import ProcessGuard
from tradebot.runtime.shared_ledger import take_account
from tradebot.runtime.state_folder import at_this_place, lost_state
from tradebot.runtime.venue import open_venue
from tradebot.settings import BrokerName, GlobalOptions, Loaded, Settings


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A desk with what else the command needs."""

    desk: Desk
    context: HomeContext
    loaded: Loaded
    previous: PreviousFiles
    kept: str  # where the old ledger will be, "" if there is none


@contextmanager
def open_rebuild(options: GlobalOptions) -> Iterator[Rebuild]:
    """Wire a desk over a fresh ledger. Without an error its rows become the account's history in the old one.

    An old ledger that is missing or damaged is replaced by the fresh one, and kept beside it. Raises what ``open_desk``
    raises, but accepts an old ledger of another history. A folder that is no home becomes one where the broker shows
    orders of ours; else it is refused.
    """
    loaded = configuration(options)
    settings = loaded.settings
    fresh = is_fresh(settings, makes_home=settings.broker is not BrokerName.PAPER)
    with ExitStack() as held:
        stop = held.enter_context(ShutdownSignals())
        home_lock = held.enter_context(locks.home_lock(settings.home, command=Job.REBUILD, wall=SystemClock().now()))
        guard = ProcessGuard()
        venue = held.enter_context(open_venue(settings, guard=guard))
        broker, clock = venue.broker, venue.clock
        account_id = broker.account().account_id
        key = account_key(broker, account_id)
        if fresh and not _has_traded(broker, key):
            is_fresh(settings, makes_home=False)  # refuses it
        name = account_on_this_machine(settings, key)
        account_lock = locks.account_lock(settings.state_path, name, command=Job.REBUILD, wall=clock.wall())
        lock = BothLocks(home_lock, held.enter_context(account_lock))
        old = settings.ledger_file or paths.fresh_ledger_file(settings.home)
        heads_file = paths.chain_heads_file(settings.home)
        is_lost = old.exists() and not paths.is_initialised(settings.home)
        replaces_file = not is_whole(settings.ledger)
        if not replaces_file:
            ledger = held.enter_context(closing(open_database(settings.ledger, create=False)))
            refuse_moved(settings, ledger, key)
            if ledger.pinned_accounts.has(key):
                taken = held.enter_context(take_account(settings, ledger, ledger.bind(key), Job.REBUILD))
                lock = BothLocks(lock, taken)
        previous = _read_previous(settings, broker, account_id, key)
        kept = old_file_path(old, beside=heads_file)
        with new_ledger(old) as database:
            carried = tuple(carry_over(old, database, key)) if replaces_file else ()
            for home in _homes_of(settings, is_lost):
                database.homes.add(home)
            account = PinnedAccount(key, broker.name, broker.mode, account_id, clock.now())
            database.pinned_accounts.pin(ledger_home(settings, database), account)
            alerts = spool_alerts(settings, key, clock)  # the fresh ledger may yet be dropped
            home_latch = HomeLatch(settings.home, lost_state(settings, database))
            latch = AccountLatch(home_latch, key, lambda: previous.accounts)
            desk = desk_at(venue, settings, database.bind(key), None, lock, stop, alerts, latch, guard)
            context = home_context(settings, broker, account_id)
            told = kept_text(settings, key, kept, replaces_file=replaces_file)
            yield Rebuild(desk, context, loaded, replace(previous, carried=carried), told)
        stop.check()
        lock.assert_held()
        if replaces_file:
            swap_in(old, kept)
            sync_folder(kept.parent)  # before its heads are
        with closing(open_database(settings.ledger, create=False)) as database:
            if not replaces_file:
                with closing(open_database(new_file_path(old), create=False)) as made:
                    switch_history(settings, database, made, [key], Job.REBUILD, clock.now())
                remove_files(new_file_path(old))
            set_lost_heads_aside(settings, database, heads_file.with_name(f"{heads_file.name}{kept.suffix}"))
            keep_head(settings, database, key)
            if fresh and not is_lost:
                register_home(settings, database)


def _homes_of(settings: Settings, is_lost: bool) -> tuple[KnownHome, ...]:
    """The homes that the old ledger knows; one without a state folder, where it knows none, so that it stays lost."""
    lost = (at_this_place(settings, paths.new_id()),) if is_lost else ()
    try:
        with closing(open_database(settings.ledger, create=False)) as database:
            return database.homes.all() or lost
    except LedgerError:
        return lost


def _has_traded(broker: Broker, key: str) -> bool:
    """Whether the broker shows an order that this tool sent for the account."""
    ownership = Ownership(key)
    return any(ownership.decision(order_id) for order_id in broker.client_order_ids())


def _read_previous(settings: Settings, broker: Broker, account_id: str, key: str) -> PreviousFiles:
    """What the old ledger holds of this account; nothing if it is unreadable. Raises Blocked for another account's."""
    try:
        with closing(open_database(settings.ledger, create=False)) as database:
            pinned = pinned_account_of(settings, database)
            ledger = database.bind(key)
            previous = PreviousFiles(
                readable=True,
                halts=ledger.halts_and_breaks.halts(),
                peak=ledger.books.peak(),
                accounts=pinned_keys(settings, database),
            )
    except LedgerBusy:
        raise
    except LedgerError:
        return PreviousFiles()
    if pinned is not None and pinned.account_id != account_id:
        raise Blocked(
            f"{other_account_text(broker, pinned.account_id, account_id)} Nothing was rebuilt. Check the keys or the "
            "login, or use another --home for another account."
        )
    return previous


def kept_text(settings: Settings, key: str, kept: Path, *, replaces_file: bool) -> str:
    """Where the history of the account is kept that the fresh one replaces; "" for none."""
    if replaces_file:
        return str(kept) if settings.ledger_file is not None and settings.ledger_file.exists() else ""
    with closing(open_database(settings.ledger, create=False)) as database:
        if not database.heads().keys() & {key}:
            return ""
        return f"{settings.ledger}, as generation {generations.newest(database.engine, key).number} of the account"
