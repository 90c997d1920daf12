"""A ledger that several homes share, perhaps on several hosts: who has an account in it, and taking it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from tradebot.core.model.holders import Holder
from tradebot.errors import LedgerError, Locked
from tradebot.home import paths
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.engine import AccountHold
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import is_inside
from tradebot.settings import Settings


def is_shared(settings: Settings) -> bool:
    """Whether other homes can use the ledger: it does not lie inside this one."""
    return not is_inside(settings)


def this_process(command: str) -> Holder:
    """This process, as it holds an account for a command."""
    return Holder(os.getpid(), command, SystemClock().wall(), paths.host_name())


@contextmanager
def take_account(settings: Settings, database: Database, ledger: AccountLedger, command: str) -> Iterator[TakenAccount]:
    """Have an account of a ledger that may be shared, among all homes and hosts. Raises Locked, naming who has it.

    The lock of the home and that of the user are held already: they are enough for a ledger inside a home.
    """
    hold = None
    if is_shared(settings):
        hold = database.engine.hold_account(ledger.account_key)
        if hold is None:
            raise Locked(_held_text(ledger))
    try:
        ledger.epochs.take(this_process(command), paths.home_id(settings.home) or "")
        yield TakenAccount(database, ledger, hold)
    finally:
        if hold is not None:
            hold.release()


class TakenAccount:
    """The right to act on an account that this process took last; implements Lock."""

    def __init__(self, database: Database, ledger: AccountLedger, hold: AccountHold | None) -> None:
        self._database = database
        self._ledger = ledger
        self._hold = hold

    def assert_held(self) -> None:
        """Raise Locked where another process has taken it since, and LedgerError where the ledger was lost."""
        if self._hold is not None:
            try:
                self._hold.assert_held()
            except (LedgerError, Locked):  # the hold is gone: a take-over removes it, and says so
                self._refuse_taken()
                raise
        self._ledger.epochs.confirm()

    def _refuse_taken(self) -> None:
        """Raise Locked where another process has the account, by a connection of its own: a take-over ends ours."""
        with suppress(LedgerError), closing(self._database.engine.reopened()) as engine:
            epochs = Database(engine).bind(self._ledger.account_key).epochs
            epochs.held = self._ledger.epochs.held
            epochs.confirm()


def holder_text(ledger: AccountLedger) -> str:
    """The process that took an account last, for people."""
    epoch = ledger.epochs.current()
    return epoch.holder.text(paths.host_name(), SystemClock().wall()) if epoch else "one that has not said who it is"


def _held_text(ledger: AccountLedger) -> str:
    return (
        f"a run in another home has account {ledger.account_key}: {holder_text(ledger)}. Wait until it has ended, then "
        'run this again. If it hangs, or its host is cut off, `tradebot take-over --reason "..."` takes the account '
        "from it: from then on it sends nothing."
    )
