"""Opens the ledger alone: without broker, lock or strategy process, for commands that only look at what was stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.errors import ConfigError, Problem
from tradebot.home.latch import AccountLatch, HomeLatch
from tradebot.home.stop_journal import finished_stops
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.schedule import JobSchedule
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.read_only import open_read_only
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import accounts_of_home, pinned_account_of
from tradebot.runtime.homes import HomeContext, is_fresh, schedule_clock
from tradebot.runtime.state_folder import lost_state
from tradebot.runtime.strategies import LazyStrategies
from tradebot.settings import BrokerName, GlobalOptions, Loaded, Settings, load_without_keys, process_environment


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """A ledger that refuses to write, with the settings of its home, in which the broker's keys may be missing."""

    database: Database
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class OpenLedgerDesk:
    """The ledger of the pinned account, with what else a command needs."""

    desk: LedgerDesk
    context: HomeContext
    loaded: Loaded


@contextmanager
def open_ledger(
    options: GlobalOptions, environ: Mapping[str, str] | None = None, *, migrates: bool = True
) -> Iterator[OpenLedger]:
    """The home's ledger for reading, also while a job holds the lock.

    environ: the environment of a home other than that of this process.
    migrates: whether a ledger that an older version wrote is migrated. A home that cannot be written is read as it is.
    Raises ConfigError (no home there, or settings that leave the account uncertain) and LedgerError.
    """
    loaded = load_without_keys(options, process_environment() if environ is None else environ)
    is_fresh(loaded.settings, makes_home=False)
    with open_read_only(loaded.settings.ledger, migrates=migrates) as database:
        yield OpenLedger(database, loaded)


@contextmanager
def open_ledger_desk(
    options: GlobalOptions, environ: Mapping[str, str] | None = None, *, migrates: bool = True
) -> Iterator[OpenLedgerDesk]:
    """The ledger of the pinned account as of one moment, whatever jobs write meanwhile. Arguments: ``open_ledger``.

    Raises what ``open_ledger`` does, and ConfigError for an account that the ledger does not have.
    """
    with open_ledger(options, environ, migrates=migrates) as opened, opened.database.engine.snapshot():
        settings, account = opened.loaded.settings, pinned_or_refuse(opened.loaded.settings, opened.database)
        home_latch = HomeLatch(settings.home, lost_state(settings, opened.database))
        latch = AccountLatch(home_latch, account.key, lambda: accounts_of_home(settings, opened.database))
        desk = _desk(settings, account, opened.database.bind(account.key), latch)
        context = HomeContext(
            settings.home, account.broker, account.mode, account.account_id, settings.ledger, settings.log_path
        )
        yield OpenLedgerDesk(desk, context, opened.loaded)


def pinned_or_refuse(settings: Settings, database: Database) -> PinnedAccount:
    """The account that the home has pinned. Raises ConfigError where it has none."""
    broker, mode = settings.broker, settings.trading_mode
    account = pinned_account_of(settings, database)
    if account is None:
        fix = "Check BROKER and TRADING_MODE, or run `tradebot run-daily` first, which begins an account."
        raise ConfigError([Problem("BROKER", f"the ledger has no account at {broker} ({mode})", fix)])
    return account


def _desk(settings: Settings, account: PinnedAccount, ledger: AccountLedger, latch: AccountLatch) -> LedgerDesk:
    calendar = CorrectedCalendar(NyseCalendar(), ledger.calendar_days.all())
    now, tracked_by = SystemClock().now(), schedule_clock(settings)
    if settings.broker is BrokerName.PAPER:  # whose clock is its own, and is not asked
        now = ledger.history.newest_at() or account.pinned_at
    clock_now = SystemClock().wall() if tracked_by is ScheduleClock.REAL else now
    schedule = JobSchedule(ledger, calendar, settings.schedule_rules(), tracked_by, clock_now)
    stops = finished_stops(settings.home, SystemClock().wall())
    pending = tuple(entry for stop in stops for entry in stop.entries)
    return LedgerDesk(settings, ledger, calendar, LazyStrategies(settings), latch, pending, now, schedule)
