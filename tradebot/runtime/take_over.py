"""Takes an account from a run that hangs or is cut off, perhaps on another host."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.errors import ConfigError, LedgerBusy, Problem
from tradebot.home import paths
from tradebot.ledger.database import open_database
from tradebot.runtime.home_in_ledger import pinned_account_of
from tradebot.runtime.homes import configuration
from tradebot.runtime.shared_ledger import holder_text, this_process
from tradebot.settings import GlobalOptions, Settings


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An account that was taken."""

    settings: Settings
    account: PinnedAccount
    held_by: str  # for people; "" where no process held it


def take_over(options: GlobalOptions, reason: str) -> TakenOver:
    """Take the home's account from whoever has it. Raises ConfigError and LedgerError.

    The epoch is raised first: from then on nobody else stores or sends an order. Only then is the hold ended, but for a
    run that hangs while it holds the rows of the account.
    """
    settings = configuration(options).settings
    with closing(open_database(settings.ledger, create=False)) as database:
        account = pinned_account_of(settings, database)
        if account is None:
            what = f"this home has none of {settings.broker} ({settings.trading_mode}) in the ledger {settings.ledger}"
            raise ConfigError([Problem("account", what, "There is nothing to take over: `tradebot run-daily` begins.")])
        ledger, engine = database.bind(account.key), database.engine
        held_by = holder_text(ledger) if engine.is_account_held(account.key) else ""
        take = partial(ledger.epochs.take_over, this_process("take-over"), paths.home_id(settings.home) or "", reason)
        try:
            take()
        except LedgerBusy:  # it hangs within a transaction, which it can't commit once its hold is ended
            engine.end_account_hold(account.key)
            try:
                take()
            except LedgerBusy as busy:
                raise _stuck_in_a_write(settings, held_by) from busy
        else:
            engine.end_account_hold(account.key)
    return TakenOver(settings, account, held_by)


def _stuck_in_a_write(settings: Settings, held_by: str) -> LedgerBusy:
    """The error where a process hangs in the middle of a write that this one cannot end."""
    who = f"most likely {held_by}" if held_by else "which has not said who it is: a database browser, perhaps"
    if isinstance(settings.ledger, Path):
        end = "On its host, end it with `kill -9` and its pid: the file is free at once, and the write is undone."
    else:
        end = (
            "Ask the server for it (pg_stat_activity, state `idle in transaction`) and end it by pg_terminate_backend."
        )
    return LedgerBusy(
        f"A process hangs in the middle of a write to the ledger {settings.ledger}, {who}. The account is not taken "
        f"yet. {end} Then run `tradebot take-over` again. A run whose lock this command has removed sends nothing more."
    )
