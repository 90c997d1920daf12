"""Tells the other hosts of a stop, through the ledger that they share.

A stop needs no ledger: it latches its own home first, and tells the ledger in a thread beside what it does. What cannot
be told within seconds is named, because jobs on other hosts go on until they are told.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from threading import Thread

from tradebot.core.model.halts import Halt, HaltSource
from tradebot.core.model.orders import OrderState
from tradebot.errors import LedgerError, Problem, TradebotError
from tradebot.home import paths
from tradebot.ledger.database import AccountLedger, Database, open_without_migrating
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import pinned_account_of
from tradebot.runtime.send_guard import MOST_SECONDS as BEGUN_WITHIN
from tradebot.runtime.shared_ledger import holder_text, is_shared, this_process
from tradebot.settings import GlobalOptions, Settings, inspect, load_in_emergency, process_environment

#: Seconds in which the ledger has to be told.
MOST_SECONDS = 2.0
#: Seconds of them to wait for others who write, so that there is time to say why it failed.
_BUSY_SECONDS = 1.5


def tell_hosts(options: GlobalOptions, halt: Halt) -> str:
    """Tell the hosts that share the ledger of a halt. Returns why they may not know of it, or ""."""
    loaded, doubts = load_in_emergency(options)
    return doubt_text(options, loaded.settings, doubts) or HostNotice(loaded.settings, halt).trouble()


def doubt_text(options: GlobalOptions, settings: Settings, doubts: Collection[Problem]) -> str:
    """Why nobody can tell which hosts to tell; "" where it is known. ``doubts``: what leaves the account uncertain."""
    if doubts and is_shared(settings):
        problem = next(iter(doubts))
        return f"other hosts may go on: it is in doubt which account of the ledger is meant ({problem})"
    faults = inspect(options, process_environment()).in_order()
    found = next((fault.problem for fault in faults if fault.names and "DATABASE_URL" in fault.names), None)
    return f"other hosts may go on: where the ledger lies is in doubt ({found})" if found else ""


class HostNotice:
    """Tells a shared ledger of a halt, from now on and in a thread of its own.

    account_id: the account that is halted; "" for the one that the ledger has pinned for these settings.
    takes_account: whether the account is taken too, so that no job elsewhere sends anything any more.
    """

    def __init__(self, settings: Settings, halt: Halt, account_id: str = "", *, takes_account: bool = False) -> None:
        self._settings = settings
        self._halt = halt
        self._account_id = account_id
        self._takes_account = takes_account
        self._trouble = f"it did not answer within {MOST_SECONDS:g} seconds"
        self._was_held_by = ""
        self._told_at: float | None = None
        self._began = time.monotonic()
        self._thread = Thread(target=self._work, name="notice", daemon=True)
        if is_shared(settings):
            self._thread.start()

    def trouble(self) -> str:
        """Why the other hosts may not know; "" where they do, or nobody shares the ledger. Waits as long as it may."""
        if self._thread.ident is None:
            return ""
        self._thread.join(max(0.0, self._began + MOST_SECONDS - time.monotonic()))
        if self._told_at is not None:
            return ""
        return (
            f"other hosts may go on: the ledger {self._settings.ledger}, which homes share, was not told "
            f"({self._trouble}). Run this again, or run it on the other hosts too"
        )

    def at_work(self) -> str:
        """The job that had the account when it was taken, for people, while it may still begin a request; else ""."""
        if self._told_at is None or not self._was_held_by:
            return ""
        return self._was_held_by if time.monotonic() - self._told_at <= BEGUN_WITHIN else ""

    def _work(self) -> None:
        try:
            self._tell()
        except TradebotError as error:
            self._trouble = str(error)
        except Exception as error:  # noqa: BLE001 - no error of a damaged ledger ends a stop; it is reported
            self._trouble = f"{type(error).__name__}: {error}"

    def _tell(self) -> None:
        settings = self._settings
        with closing(open_without_migrating(settings.ledger, busy_seconds=_BUSY_SECONDS)) as database:
            held_by = latch_in_ledger(
                settings, database, self._halt, self._account_id, takes_account=self._takes_account
            )
            self._was_held_by = held_by if self._takes_account else ""
            self._told_at = time.monotonic()


def latch_in_ledger(
    settings: Settings, database: Database, halt: Halt, account_id: str = "", *, takes_account: bool = False
) -> str:
    """Latch a halt in a shared ledger, and take the account if asked. Raises LedgerError.

    Returns the run that may still begin a request, for people, or "": it has the account, or it has said that an order
    leaves and not what became of it, and may have lost its connection since.
    """
    ledger = _ledger_of_account(settings, database, account_id)
    if ledger is None:
        raise LedgerError("it has no account of this home")
    with ledger.transaction():
        leaving = any(order.state is OrderState.SUBMITTING for order in ledger.orders.unsettled())
        may_send = leaving or database.engine.is_account_held(ledger.account_key)
        held_by = holder_text(ledger) if may_send else ""
        if takes_account:
            ledger.epochs.take(this_process("emergency-stop"), paths.home_id(settings.home) or "")
        in_ledger = replace(halt, source=HaltSource.LEDGER, account=ledger.account_key)
        ledger.halts_and_breaks.latch(in_ledger, SystemClock().now())
    return held_by


def _ledger_of_account(settings: Settings, database: Database, account_id: str) -> AccountLedger | None:
    if account_id:
        return database.bind(f"{settings.broker}:{settings.trading_mode}:{account_id}")
    pinned = pinned_account_of(settings, database)
    return None if pinned is None else database.bind(pinned.key)
