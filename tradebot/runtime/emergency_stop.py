"""The few ports of an emergency stop, opened in the order that a bad day asks for: the latch before all else.

What the latch does not need is imported after it is set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.results.results import StopEntry
from tradebot.errors import Blocked, BrokerUnavailable, ConfigError, LedgerError, Problem
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.home.stop_journal import StopJournalFile
from tradebot.jobs.emergency_stop.latch import set_latch
from tradebot.runtime.clocks import SystemClock
from tradebot.settings import GlobalOptions, Loaded, load_in_emergency, process_environment, resolve_home

if TYPE_CHECKING:
    from tradebot.core.model.account import AccountSnapshot
    from tradebot.jobs.emergency_stop.run import StopDesk
    from tradebot.ports import Broker, Clock
    from tradebot.runtime.homes import HomeContext
    from tradebot.settings import Settings

#: Seconds to wait for a ledger that another process holds: the broker's own records tell what is ours as well.
LEDGER_PATIENCE = 0.5
#: Commands that hold the lock and send no order, for which a stop need not wait.
HARMLESS = frozenset({"reconcile", "resume", "rebuild", "restore", "init-db", "paper", "paper reset"})
_BETWEEN_TRIES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Stopping:
    """How an emergency stop was asked for.

    ``account`` is the id that it may act on whatever else is doubtful; a ``dry_run`` latches and writes nothing;
    ``began`` is the reading of ``time.perf_counter`` at the start of its work, ``say`` tells people what it waits for.
    """

    reason: str
    account: str | None = None
    dry_run: bool = False
    began: float | None = None
    say: Callable[[str], None] = lambda line: None


@contextmanager
def open_stop_desk(options: GlobalOptions, how: Stopping) -> Iterator[tuple[StopDesk, HomeContext, Loaded]]:
    """The few ports of an emergency stop; the latch is written before anything else is opened or read.

    Raises ConfigError, Blocked and BrokerUnavailable, which say first that the halt is latched all the same.
    """
    began = time.perf_counter() if how.began is None else how.began
    home = resolve_home(options.home, process_environment())
    _refuse_what_is_no_home(options, home)
    latch = LatchFile(paths.latch_file(home))
    not_latched = "" if how.dry_run else set_latch(latch, SystemClock(), how.reason)
    latched_after = time.perf_counter() - began
    with ExitStack() as held:
        held.enter_context(_latch_told(not_latched, how))
        loaded, doubts = load_in_emergency(options)
        if doubts and how.account is None:
            raise ConfigError([*doubts, _which_account()])
        yield _wired(held, loaded, latch, not_latched, how, began, latched_after)


def _wired(
    held: ExitStack,
    loaded: Loaded,
    latch: LatchFile,
    not_latched: str,
    how: Stopping,
    began: float,
    latched_after: float,
) -> tuple[StopDesk, HomeContext, Loaded]:
    from tradebot.core.model.ownership import BookedPositions, Ownership
    from tradebot.jobs.emergency_stop.journal import NoJournal
    from tradebot.jobs.emergency_stop.run import StopDesk
    from tradebot.ledger.database import open_as_it_is
    from tradebot.runtime.alerts import spool_alerts
    from tradebot.runtime.homes import account_key, home_context
    from tradebot.runtime.venue import open_venue

    settings = loaded.settings
    venue = held.enter_context(open_venue(settings, pressing=True))
    broker, clock = venue.broker, venue.clock
    account_id = _account(broker, clock, settings.emergency_shutdown_timeout, how.say).account_id
    key = account_key(broker, account_id)
    _refuse_another_account(settings, broker, account_id, how.account)

    def booked() -> BookedPositions:
        with closing(open_as_it_is(settings.database_path, patience=LEDGER_PATIENCE)) as database:
            books = database.bind(key).books
            return BookedPositions(books.lots(), books.holdings(), books.cursor())

    desk = StopDesk(
        ownership=Ownership(key),
        clock=clock,
        broker=broker,
        market=venue.market,
        latch=latch,
        alerts=spool_alerts(settings, key, clock),
        booked=booked,
        not_latched=not_latched,
        timeout=settings.emergency_shutdown_timeout,
        journal=NoJournal() if how.dry_run else _journal(held, settings.home, key, how.reason),
        others=_JobsOfThisMachine(settings, key),
        say=how.say,
        began=began,
        timings={} if how.dry_run else {"latched": latched_after},
    )
    return desk, home_context(settings, broker, account_id), loaded


def _refuse_what_is_no_home(options: GlobalOptions, home: Path) -> None:
    """Raise ConfigError before a latch is left in a folder that is no home, with what else is wrong there."""
    if not paths.is_initialised(home):
        from tradebot.runtime.homes import configuration, is_fresh

        is_fresh(configuration(options).settings, makes_home=False)


def _account(broker: Broker, clock: Clock, timeout: float, say: Callable[[str], None]) -> AccountSnapshot:
    """The account, asked for until the broker answers or the time is up; says why at once. Raises BrokerUnavailable.

    Where waiting takes no time, as at the embedded exchange, the pauses count as if it had.
    """
    began, waited = clock.wall(), 0.0
    for pause in chain(_BETWEEN_TRIES, repeat(_BETWEEN_TRIES[-1])):
        try:
            return broker.account()
        except BrokerUnavailable as error:
            if not waited:
                say(f"{error} Asking again for up to {timeout:g} seconds.")
            passed = (clock.wall() - began).total_seconds()  # a broker that is silent takes longer than the pauses
            if max(waited, passed) + pause > timeout:
                raise
        clock.sleep(pause)
        waited += pause
    raise AssertionError("the pauses never end")


def _refuse_another_account(settings: Settings, broker: Broker, account_id: str, named: str | None) -> None:
    """Raise Blocked when the broker shows another account than the one that is pinned or, above that, named.

    A ledger that cannot be read pins nothing.
    """
    from tradebot.ledger.database import open_as_it_is

    if named is not None:
        if named != account_id:
            raise Blocked(f"--account names {named}, but {broker.name} shows account {account_id}.")
        return
    try:
        with closing(open_as_it_is(settings.database_path, patience=LEDGER_PATIENCE)) as database:
            pinned = database.pins.pinned(broker.name, broker.mode)
    except LedgerError:
        return
    if pinned is not None and pinned.account_id != account_id:
        raise Blocked(
            f"this home belongs to account {pinned.account_id} at {broker.name} ({broker.mode}), but the broker shows "
            f"account {account_id}. If that one is to be stopped, run this again with --account {account_id}."
        )


def _which_account() -> Problem:
    what = "it is in doubt which account is meant"
    return Problem("account", what, "Mend what stands above, or name the account with --account ID.")


def _journal(held: ExitStack, home: Path, key: str, reason: str) -> StopJournalFile:
    wall = SystemClock().wall()
    journal = StopJournalFile(home, wall)
    held.callback(lambda: journal.close(SystemClock().wall()))
    journal.write(StopEntry(wall, "began", detail=f"account {key}: {reason}"))
    return journal


class _JobsOfThisMachine:
    """Who holds the lock of the home or of the account, and may be about to send an order."""

    def __init__(self, settings: Settings, key: str) -> None:
        self._settings = settings
        self._key = key
        self._clock = SystemClock()

    def at_work(self) -> str:
        from tradebot.home import locks
        from tradebot.runtime.homes import account_on_this_machine

        settings, wall = self._settings, self._clock.wall()
        of_account = account_on_this_machine(settings, self._key)
        return locks.holder(settings.home, wall, ignoring=HARMLESS) or locks.account_holder(
            settings.state_path, of_account, wall, ignoring=HARMLESS
        )

    def wait(self, seconds: float) -> None:
        self._clock.sleep(seconds)


@contextmanager
def _latch_told(not_latched: str, how: Stopping) -> Iterator[None]:
    """Say of an emergency stop that was not finished whether jobs are halted, before what is in its way."""
    halted = "the halt is latched: no job sends an entry until `tradebot resume`"
    if not_latched:
        halted = f"jobs are not halted: {not_latched.removesuffix('.')}"
    if how.dry_run:
        halted = "nothing was latched, as this is a dry run"
    try:
        yield
    except ConfigError as error:
        fix = "Mend what follows, and run the emergency stop again."
        unfinished = Problem("stop unfinished", f"{halted}; but nothing was cancelled or closed", fix)
        raise ConfigError([unfinished, *error.problems]) from error
    except Blocked as error:
        raise Blocked(f"{halted}; but nothing was cancelled or closed: {error}") from error
    except BrokerUnavailable as error:
        raise BrokerUnavailable(f"{halted}; but the stop could not be finished, run it again. {error}") from error
    except KeyboardInterrupt as asked:
        asked.add_note(halted if how.dry_run else f"{halted}; but the stop was cut short, and what it sent stays sent")
        if not how.dry_run:
            asked.add_note("run it again")
        raise
