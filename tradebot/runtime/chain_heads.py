"""The chain heads of a home: stored outside its ledger after each job, and held against it before each."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import closing

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.values import plural
from tradebot.errors import LedgerError
from tradebot.home import chain_heads, paths
from tradebot.ledger.audit import Head
from tradebot.ledger.database import AccountLedger, Database, open_without_migrating
from tradebot.ledger.verify import Verification, verify
from tradebot.ports import Clock
from tradebot.settings import Settings

_LOG = logging.getLogger(__name__)


def heads_outside(settings: Settings) -> tuple[Head, ...]:
    """The heads stored outside the ledger, oldest first. Raises LedgerError where the file cannot be read."""
    return tuple((head.seq, head.hash) for head in chain_heads.read_heads(paths.chain_heads_file(settings.home)))


def verify_home(settings: Settings, database: Database, told: Collection[Head] = ()) -> Verification:
    """Verify the ledger of a home, with the heads stored in the home and those that somebody was ``told``."""
    number = home_number(settings, database)
    return verify(database, told, heads_outside=lambda: heads_outside(settings), home=number)


def home_number(settings: Settings, database: Database) -> int | None:
    """The number of the home among those that use the ledger; None while the ledger does not know it."""
    home_id = paths.home_id(settings.home)
    return database.homes.number(home_id) if home_id else None


def keep_head(settings: Settings, database: Database, *, noted: bool = True) -> None:
    """Store the chain's head outside the database. A failure is logged: verify has the heads before it.

    noted: let the ledger note that a head is stored there. The head after the note is stored too.
    """
    path = paths.chain_heads_file(settings.home)
    try:
        head, home = database.head(), home_number(settings, database)
        if head[0] and chain_heads.append_head(path, *head) and noted and home is not None:
            database.note_head(head, home)
            chain_heads.append_head(path, *database.head())
    except (OSError, LedgerError) as error:
        _LOG.warning("the ledger's chain head could not be kept outside it: %s", error)


def refuse_other_history(settings: Settings, database: Database) -> None:
    """Raise LedgerError where the ledger lacks the newest chain head that an earlier run stored outside it."""
    known = chain_heads.newest_head(paths.chain_heads_file(settings.home))
    if known is not None and database.hash_at(known.seq) != known.hash:
        raise LedgerError(
            f"The ledger {settings.database_path} is not the one that this home wrote last: its history was cut off or "
            "rewritten, or an older copy was put in its place. Nothing is sent. `tradebot verify` says more. Put the "
            "right one back, or make a fresh one from what the broker knows with `tradebot rebuild`."
        )


def halt_for_missing_heads(settings: Settings, database: Database, ledger: AccountLedger, clock: Clock) -> None:
    """Latch a halt where chain heads are gone that an earlier run stored outside the ledger, unless one is latched."""
    missing = database.missing_heads(heads_outside(settings), home_number(settings, database))
    latched = ledger.halts_and_breaks.halts()
    if not missing or any(halt.rule is HaltRule.CHAIN_HEADS for halt in latched):
        return
    reason = (
        f"{plural(len(missing), 'chain head')} of the ledger, the newest of row {missing[-1][0]}, "
        f"{'is' if len(missing) == 1 else 'are'} gone from {paths.chain_heads_file(settings.home)}, where earlier jobs "
        "wrote them: whether the newest history was cut off cannot be told from this home alone. `tradebot verify "
        "--head SEQ:HASH` with the head in the newest alert that you got tells"
    )
    now = clock.now()
    halt = Halt(HaltSource.LEDGER, HaltRule.CHAIN_HEADS, HaltLevel.REDUCING, reason, since=now)
    ledger.halts_and_breaks.latch(halt, now)


def head_text(head: Head) -> str:
    """A chain head as `verify --head` takes it; "" for an empty trail."""
    return f"{head[0]}:{head[1]}" if head[0] else ""


def kept_head(settings: Settings) -> str:
    """The newest chain head outside the ledger, as `verify --head` takes it; "" where there is none to read."""
    try:
        newest = chain_heads.newest_head(paths.chain_heads_file(settings.home))
    except LedgerError:
        return ""
    return head_text((newest.seq, newest.hash)) if newest else ""


def told_head(settings: Settings) -> str:
    """Account key and chain head of the ledger in a line, for somebody elsewhere; "" where it cannot be read."""
    try:
        with closing(open_without_migrating(settings.database_path, busy_seconds=1.0)) as database:
            account = database.pinned_accounts.pinned(settings.broker, settings.trading_mode)
            head = head_text(database.head())
    except LedgerError:
        return ""
    return f"account {account.key}, ledger head {head}" if account and head else ""
