"""Opens a home to look at it. Nothing of it changes: no run, no lock, no pin, no log, and no file of the home.

The ledger is read-only. What works with files of the state folder, as the embedded exchange and the caches of a broker
do, works on copies in a temporary folder: a look at an exchange that follows the clock moves the copy alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from tradebot.alerts.sinks import LogAlerts
from tradebot.errors import Blocked
from tradebot.home import locks, paths
from tradebot.home.latch import AccountLatch, HomeLatch
from tradebot.jobs.desk import AccountReading, Desk
from tradebot.jobs.steps.period_figures import PeriodPrices
from tradebot.ledger.read_only import open_read_only
from tradebot.ports import Calendar
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import ledger_home, pinned_keys
from tradebot.runtime.homes import HomeContext, home_context, is_fresh, other_account_text
from tradebot.runtime.open_desk import Unlocked, desk_at
from tradebot.runtime.open_ledger import pinned_or_refuse
from tradebot.runtime.past_prices import past_prices
from tradebot.runtime.send_guard import ProcessGuard
from tradebot.runtime.state_folder import lost_state
from tradebot.runtime.strategies import strategy_book
from tradebot.runtime.venue import open_venue
from tradebot.settings import BrokerName, GlobalOptions, Loaded, Settings, load_for

#: The largest file of the state folder that a look copies; bars, which no look needs, may be larger.
_LARGEST_COPY = 4_000_000


@dataclass(frozen=True, slots=True)
class OpenLook:
    """A desk that only reads, with what else a look needs."""

    desk: Desk
    context: HomeContext
    loaded: Loaded
    lock_holder: str  # "" when nobody holds the home's lock


@contextmanager
def open_look(
    options: GlobalOptions,
    environ: Mapping[str, str],
    asks: Callable[[], None] = lambda: None,
    *,
    asks_strategies: bool = False,
) -> Iterator[OpenLook]:
    """Wire a desk for looking at the home's account at its broker.

    environ: the environment of the home.
    asks: called before the broker is asked, once settings and ledger could be read.
    asks_strategies: whether the look asks them for signals; their process is ended with it.
    Raises ConfigError, Blocked (not the pinned account), LedgerError and BrokerUnavailable.
    """
    loaded = load_for(options, environ)
    settings = loaded.settings
    is_fresh(settings, makes_home=False)
    with ExitStack() as held:
        guard = ProcessGuard()
        guard.bind(_refuse_to_send)
        strategies = strategy_book(settings) if asks_strategies else None
        if strategies is not None:
            held.callback(strategies.close)
        database = held.enter_context(open_read_only(settings.ledger, migrates=False))
        pinned = pinned_or_refuse(settings, database)
        copies = held.enter_context(_copies(settings))
        asks()
        venue = held.enter_context(open_venue(copies, guard=guard, looks=True))
        opened_on = AccountReading(venue.broker.account(), venue.clock.now())
        account_id = opened_on.account.account_id
        if account_id != pinned.account_id:
            raise Blocked(other_account_text(venue.broker, pinned.account_id, account_id))
        latch = AccountLatch(
            HomeLatch(settings.home, lost_state(settings, database)),
            pinned.key,
            lambda: pinned_keys(settings, database),
        )
        ledger = database.bind(pinned.key)
        desk = desk_at(venue, settings, ledger, strategies, Unlocked(), _NeverStopped(), LogAlerts(), latch, guard)
        yield OpenLook(
            replace(desk, opened_on=opened_on, home_id=ledger_home(settings, database)),
            home_context(settings, venue.broker, account_id),
            loaded,
            locks.holder(settings.home, SystemClock().wall()),
        )


@contextmanager
def looked_at_prices(settings: Settings, calendar: Calendar) -> Iterator[PeriodPrices]:
    """The prices for a report, of which no broker has to be asked. Those of the embedded exchange are of a copy."""
    with ExitStack() as held:
        if settings.broker is BrokerName.PAPER:
            settings = held.enter_context(_copies(settings))
        yield held.enter_context(past_prices(settings, calendar))


@contextmanager
def _copies(settings: Settings) -> Iterator[Settings]:
    """The settings of a home whose state folder is a temporary copy of what a broker keeps there."""
    with TemporaryDirectory(prefix="tradebot-look-") as name:
        home = Path(name)
        state = paths.state_folder(home)
        state.mkdir()
        for path in _broker_files(settings):
            if path.suffix == ".db":
                from tradebot.brokers.paper.copied_file import copy_exchange

                copy_exchange(path, state / path.name)
            else:
                with suppress(OSError):  # a cache that is gone costs a request
                    shutil.copyfile(path, state / path.name)
        yield replace(
            settings,
            tradebot_home=home,
            tradebot_state_dir=settings.state_path,
            paper_data=settings.paper_data_path,
            paper_actions=settings.paper_actions_path,
            strategies_dir=settings.strategies_path,
        )


def _broker_files(settings: Settings) -> Iterator[Path]:
    """The files of the state folder in which the broker of the settings keeps something."""
    home, broker = settings.home, settings.broker
    for database in (paths.exchange_file(home), paths.live_exchange_file(home, broker)):
        if database.is_file() and (broker is BrokerName.PAPER) == (database == paths.exchange_file(home)):
            yield database
    caches = (path for path in paths.state_folder(home).glob(f"{broker}_*") if ".db" not in path.name)
    for path in (*caches, paths.sent_orders_file(home)):
        if path.is_file() and path.stat().st_size <= _LARGEST_COPY:
            yield path


def _refuse_to_send() -> NoReturn:
    raise Blocked("a look sends nothing")


class _NeverStopped:
    """The stop switch of a look, which is short and leaves nothing half done."""

    def check(self) -> None:
        """Do nothing."""
