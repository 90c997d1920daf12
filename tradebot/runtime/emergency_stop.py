"""Opens the few ports of an emergency stop: the latch first, before anything else is opened, read or imported."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.results.stop_entry import StopEntry
from tradebot.errors import AuthNeeded, Blocked, BrokerUnavailable, ConfigError, LedgerError, Problem
from tradebot.home import paths
from tradebot.home.latch import AccountLatch, HomeLatch
from tradebot.home.stop_journal import StopJournalFile
from tradebot.jobs.emergency_stop.latch import halt_for_stop, set_latch
from tradebot.runtime.clocks import SystemClock
from tradebot.settings import GlobalOptions, Loaded, load_in_emergency, process_environment, resolve_home

if TYPE_CHECKING:
    from tradebot.core.model.account import AccountSnapshot
    from tradebot.core.model.halts import Halt
    from tradebot.core.safety.last_known import LastKnown
    from tradebot.jobs.emergency_stop.run import StopDesk
    from tradebot.ports import Broker, Clock, MarketData
    from tradebot.runtime.homes import HomeContext
    from tradebot.runtime.host_notice import HostNotice
    from tradebot.settings import Settings

#: Seconds to wait for a ledger that another process holds: the broker's own records also show what is ours.
LEDGER_TIMEOUT = 0.5
#: Commands that hold the lock and send no order: a stop does not wait for them.
HARMLESS = frozenset({"reconcile", "resume", "rebuild", "restore", "init-db", "paper", "paper reset"})
_LOG = logging.getLogger(__name__)
_RETRY_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class StopOptions:
    """The options of an emergency stop."""

    reason: str
    account: str | None = None  # the account id to act on, whatever else is in doubt
    dry_run: bool = False  # latch and write nothing
    began: float | None = None  # the reading of time.perf_counter that its timings count from; None: now
    say: Callable[[str], None] = lambda line: None  # prints what the stop waits for


@dataclass(slots=True)
class _StopLatch:
    """The latch of the home with the halt of this stop.

    failure: why it could not be written, or ""
    not_told: why other hosts may not know of it, or ""; waits for seconds at most
    """

    of_home: HomeLatch
    halt: Halt
    failure: str = ""
    not_told: Callable[[], str] = str

    def narrow(self, of_account: AccountLatch) -> None:
        """Let the halt hold for the account of the stop alone. Where that fails, it holds for every account."""
        if self.failure:
            return
        try:
            of_account.narrow(self.halt)
        except ConfigError as error:
            _LOG.warning("the halt holds for every account of this home: %s", error)


@contextmanager
def open_stop_desk(options: GlobalOptions, stop: StopOptions) -> Iterator[tuple[StopDesk, HomeContext, Loaded]]:
    """The ports of an emergency stop. The latch is written before anything else is opened or read.

    Raises ConfigError, Blocked, LedgerError and BrokerUnavailable, whose texts begin with the state of the latch.
    """
    began = time.perf_counter() if stop.began is None else stop.began
    home = resolve_home(options.home, process_environment())
    if stop.account is None:
        _check_home(options, home)
    latch = _StopLatch(HomeLatch(home), halt_for_stop(SystemClock(), stop.reason))
    latch.failure = "" if stop.dry_run else set_latch(latch.of_home, latch.halt)
    latched_after = time.perf_counter() - began
    if not stop.dry_run and not latch.failure:
        stop.say("The halt is latched: no job sends an entry until `tradebot resume`.")
    with ExitStack() as held:
        held.enter_context(_state_latch_first(latch, stop))
        loaded, doubts = load_in_emergency(options)
        doubts = doubts if stop.account is None else ()
        notice = None if stop.dry_run else _tell_hosts(options, loaded.settings, doubts, latch, stop)
        if doubts:
            raise ConfigError([*doubts, _unclear_account()])
        yield _open_ports(held, loaded, latch, notice, stop, began, latched_after)


def _tell_hosts(
    options: GlobalOptions, settings: Settings, doubts: Collection[Problem], latch: _StopLatch, stop: StopOptions
) -> HostNotice | None:
    """Begin to tell the hosts that share the ledger; None where nobody can tell which."""
    from tradebot.runtime.host_notice import HostNotice, doubt_text

    doubt = doubt_text(options, settings, doubts)
    notice = None if doubt else HostNotice(settings, latch.halt, stop.account or "", takes_account=True)
    latch.not_told = notice.trouble if notice else lambda: doubt
    return notice


def _open_ports(
    held: ExitStack,
    loaded: Loaded,
    latch: _StopLatch,
    notice: HostNotice | None,
    stop: StopOptions,
    began: float,
    latched_after: float,
) -> tuple[StopDesk, HomeContext, Loaded]:
    from tradebot.core.model.ownership import BookedPositions, Ownership
    from tradebot.jobs.emergency_stop.journal import NoJournal
    from tradebot.jobs.emergency_stop.run import StopDesk
    from tradebot.ledger.database import open_without_migrating
    from tradebot.runtime.alerts import spool_alerts
    from tradebot.runtime.homes import account_key, home_context
    from tradebot.runtime.send_guard import ProcessGuard
    from tradebot.runtime.system_needs import unset_unusable
    from tradebot.runtime.venue import open_venue

    settings, guard = loaded.settings, ProcessGuard()
    for note in unset_unusable():
        stop.say(note)
    try:
        venue = held.enter_context(open_venue(settings, urgent=True, guard=guard))
        broker, market, clock = venue.broker, venue.market, venue.clock
        account_id = _wait_for_account(broker, clock, settings.emergency_shutdown_timeout, stop.say).account_id
    except AuthNeeded as error:
        broker, market, clock, account_id = _locked_out(settings, stop, error)
    else:
        _check_account(settings, broker, account_id, stop.account)
    key = account_key(broker, account_id)

    def booked() -> BookedPositions:
        with closing(open_without_migrating(settings.ledger, busy_seconds=LEDGER_TIMEOUT)) as database:
            return database.bind(key).booked_positions()

    def recall() -> LastKnown:
        from tradebot.runtime.locked_out import last_known

        return last_known(settings, key, clock)

    of_account = AccountLatch(latch.of_home, key, others=tuple)
    desk = StopDesk(
        ownership=Ownership(key),
        clock=clock,
        broker=broker,
        market=market,
        latch=of_account,
        alerts=spool_alerts(settings, key, clock),
        guard=guard,
        booked=booked,
        last_known=recall,
        narrow_latch=lambda: None if stop.dry_run or not account_id else latch.narrow(of_account),
        not_latched=latch.failure,
        timeout=settings.emergency_shutdown_timeout,
        journal=NoJournal() if stop.dry_run else _journal(held, settings.home, key, stop.reason),
        others=_OtherJobs(settings, key, notice),
        hosts_not_told=latch.not_told,
        say=stop.say,
        began=began,
        timings={} if stop.dry_run else {"latched": latched_after},
    )
    return desk, home_context(settings, broker, account_id), loaded


def _locked_out(settings: Settings, stop: StopOptions, error: AuthNeeded) -> tuple[Broker, MarketData, Clock, str]:
    """Ports of a broker that no request can be made to, and the account as far as it is known: "" if it is not."""
    from tradebot.runtime.locked_out import LockedOut, pinned_account

    broker, market = LockedOut(settings, error).ports()
    return broker, market, SystemClock(), stop.account or pinned_account(settings)


def _check_home(options: GlobalOptions, home: Path) -> None:
    """Raise ConfigError for a folder that is no home and never was, before a latch file is written there.

    A state folder that may not be looked into is there, so that its home is one. A home that lost both its state and
    its ledger is known by the user's list of homes.
    """
    try:
        if paths.is_initialised(home):
            return
    except ConfigError:
        return
    from tradebot.runtime.homes import require_home

    try:
        require_home(options, or_listed=True)
    except ConfigError as error:
        fix = "Run it again in the right home at once. --account ID stops that account by the settings of this folder."
        nothing = Problem("stop not begun", "nothing was latched, cancelled or closed", fix)
        raise ConfigError([nothing, *error.problems]) from error


def _wait_for_account(broker: Broker, clock: Clock, timeout: float, say: Callable[[str], None]) -> AccountSnapshot:
    """Ask for the account until the broker responds or ``timeout`` seconds have passed. Raises BrokerUnavailable.

    Where waiting takes no time, as at the embedded exchange, the pauses count as if it had.
    """
    began, waited = clock.wall(), 0.0
    for pause in chain(_RETRY_PAUSES, repeat(_RETRY_PAUSES[-1])):
        try:
            return broker.account()
        except BrokerUnavailable as error:
            if not waited:
                say(f"{error} Asking again for up to {timeout:g} seconds.")
            passed = (clock.wall() - began).total_seconds()  # requests without a response take longer than the pauses
            if max(waited, passed) + pause > timeout:
                raise
        clock.sleep(pause)
        waited += pause
    raise AssertionError("the pauses never end")


def _check_account(settings: Settings, broker: Broker, account_id: str, named: str | None) -> None:
    """Raise Blocked where the broker's account is not the one ``named`` or, without that, the pinned one.

    A ledger that cannot be read pins none.
    """
    from tradebot.core.model.account_numbers import is_secret, shown_number
    from tradebot.ledger.database import open_without_migrating
    from tradebot.runtime.home_in_ledger import pinned_account_of
    from tradebot.runtime.homes import other_account_text

    if named is not None:
        if named != account_id:
            name, mode = broker.name, broker.mode
            theirs = shown_number(name, mode, account_id, named)
            raise Blocked(
                f"--account names {shown_number(name, mode, named, account_id)}, but {name} shows account {theirs}."
            )
        return
    try:
        with closing(open_without_migrating(settings.ledger, busy_seconds=LEDGER_TIMEOUT)) as database:
            pinned = pinned_account_of(settings, database)
    except LedgerError:
        return
    if pinned is not None and pinned.account_id != account_id:
        number = "NUMBER, its whole number" if is_secret(broker.name, broker.mode) else account_id
        raise Blocked(
            f"{other_account_text(broker, pinned.account_id, account_id)} If that one is to be stopped, run this again "
            f"with --account {number}."
        )


def _unclear_account() -> Problem:
    what = "it is in doubt which account is meant"
    return Problem("account", what, "Mend what stands above, or name the account with --account ID.")


def _journal(held: ExitStack, home: Path, key: str, reason: str) -> StopJournalFile:
    from tradebot.core.model.account_numbers import shown_key

    wall = SystemClock().wall()
    journal = StopJournalFile(home, wall)
    held.callback(lambda: journal.close(SystemClock().wall()))
    journal.write(StopEntry(wall, "began", detail=f"account {shown_key(key)}: {reason}"))
    return journal


class _OtherJobs:
    """Who may be about to send an order: the holders of the locks of home and account, and a job on another host."""

    def __init__(self, settings: Settings, key: str, notice: HostNotice | None) -> None:
        self._settings = settings
        self._key = key
        self._notice = notice
        self._clock = SystemClock()

    def at_work(self) -> str:
        """A text on one of them, "" for none."""
        from tradebot.home import locks
        from tradebot.runtime.homes import account_on_this_machine

        settings, wall = self._settings, self._clock.wall()
        account = account_on_this_machine(settings, self._key)
        here = locks.holder(settings.home, wall, ignoring=HARMLESS) or locks.account_holder(
            settings.state_path, account, wall, ignoring=HARMLESS
        )
        return here or (self._notice.at_work() if self._notice else "")

    def wait(self, seconds: float) -> None:
        """Wait in real time."""
        self._clock.sleep(seconds)


@contextmanager
def _state_latch_first(latch: _StopLatch, stop: StopOptions) -> Iterator[None]:
    """Begin the text of an error with whether jobs are halted: the stop is unfinished."""

    def halted() -> str:
        if stop.dry_run:
            return "nothing was latched, as this is a dry run"
        if latch.failure:
            return f"jobs are not halted: {latch.failure.removesuffix('.')}"
        not_told = latch.not_told()
        latched = "the halt is latched: no job sends an entry until `tradebot resume`"
        return f"{latched}; but {not_told}" if not_told else latched

    try:
        yield
    except ConfigError as error:
        fix = "Mend what follows, and run the emergency stop again."
        unfinished = Problem("stop unfinished", f"{halted()}; but nothing was cancelled or closed", fix)
        raise ConfigError([unfinished, *error.problems]) from error
    except Blocked as error:
        raise Blocked(f"{halted()}; but nothing was cancelled or closed: {error}") from error
    except LedgerError as error:
        raise LedgerError(f"{halted()}; but nothing was cancelled or closed: {error}") from error
    except BrokerUnavailable as error:
        raise BrokerUnavailable(f"{halted()}; but the stop could not be finished, run it again. {error}") from error
    except KeyboardInterrupt as asked:
        cut_short = "" if stop.dry_run else "; but the stop was cut short, and what it sent stays sent"
        asked.add_note(f"{halted()}{cut_short}")
        if not stop.dry_run:
            asked.add_note("run it again")
        raise
