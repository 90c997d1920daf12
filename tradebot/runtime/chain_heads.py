"""The chain heads of a home: stored outside its ledger after each job, and held against it before each."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from tradebot.core.model.account_numbers import shown_key
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.order_ids import account_hash
from tradebot.core.model.values import plural
from tradebot.errors import LedgerError
from tradebot.home import chain_heads, paths
from tradebot.home.chain_heads import ChainHead
from tradebot.ledger.audit import GENESIS, Head
from tradebot.ledger.database import AccountLedger, Database, open_without_migrating
from tradebot.ledger.verify import Verification, verify
from tradebot.ports import Clock
from tradebot.runtime.home_in_ledger import pinned_account_of
from tradebot.settings import Settings

_LOG = logging.getLogger(__name__)


def heads_outside(settings: Settings) -> tuple[Head, ...]:
    """The heads stored outside the ledger, oldest first. Raises LedgerError where the file cannot be read."""
    return tuple((head.seq, head.hash) for head in chain_heads.read_heads(paths.chain_heads_file(settings.home)))


def heads_by_account(settings: Settings) -> dict[str, list[Head]]:
    """The heads stored outside the ledger, oldest first, by the hash of the account. Raises as ``heads_outside``."""
    heads: dict[str, list[Head]] = {}
    for head in chain_heads.read_heads(paths.chain_heads_file(settings.home)):
        heads.setdefault(head.account, []).append((head.seq, head.hash))
    return heads


def verify_home(settings: Settings, database: Database, told: Collection[Head] = ()) -> Verification:
    """Verify the ledger of a home, with the heads stored in the home and those that somebody was ``told``."""
    number = home_number(settings, database)
    return verify(database, told, heads_outside=lambda: heads_outside(settings), home=number)


def home_number(settings: Settings, database: Database) -> int | None:
    """The number of the home among those that use the ledger; None while the ledger does not know it."""
    home_id = paths.home_id(settings.home)
    return database.homes.number(home_id) if home_id else None


def keep_head(settings: Settings, database: Database, account_key: str, *, noted: bool = True) -> None:
    """Store the head of an account's chain outside the database. A failure is logged: verify has the heads before it.

    noted: let the ledger note that a head is stored there. The head after the note is stored too.
    """
    path = paths.chain_heads_file(settings.home)
    try:
        head, home = database.head(account_key), home_number(settings, database)
        if head[0] and _append(path, account_key, head) and noted and home is not None:
            database.note_head(account_key, head, home)
            _append(path, account_key, database.head(account_key))
    except (OSError, LedgerError) as error:
        _LOG.warning("the ledger's chain head could not be kept outside it: %s", error)


def _append(path: Path, account_key: str, head: Head) -> bool:
    return chain_heads.append_head(path, ChainHead(*head, account_hash(account_key)))


def is_other_history(settings: Settings, database: Database) -> bool:
    """Whether the ledger lacks the newest chain head of an account that an earlier run stored outside it."""
    known = chain_heads.newest_heads(paths.chain_heads_file(settings.home)).values()
    return not all(database.has_row((head.seq, head.hash)) for head in known)


def refuse_other_history(settings: Settings, database: Database) -> None:
    """Raise LedgerError where the ledger lacks the newest chain head of an account that lies outside it."""
    if is_other_history(settings, database):
        raise LedgerError(
            f"The ledger {settings.ledger} is not the one that this home wrote last: its history was cut off or "
            "rewritten, or an older copy was put in its place. Nothing is sent. `tradebot verify` says more. Put the "
            "right one back, or make a fresh one from what the broker knows with `tradebot rebuild`."
        )


def halt_for_missing_heads(settings: Settings, database: Database, ledger: AccountLedger, clock: Clock) -> None:
    """Latch a halt where chain heads are gone that an earlier run stored outside the ledger, unless one is latched."""
    number = home_number(settings, database)
    missing = database.missing_heads(heads_outside(settings), number, ledger.account_key)
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
        heads = chain_heads.read_heads(paths.chain_heads_file(settings.home))
    except LedgerError:
        return ""
    return head_text((heads[-1].seq, heads[-1].hash)) if heads else ""


def pinned_head(settings: Settings, database: Database) -> Head:
    """The head of the chain of the account that the settings name; 0 and GENESIS where none is pinned."""
    account = pinned_account_of(settings, database)
    return database.head(account.key) if account else (0, GENESIS)


def told_head(settings: Settings) -> str:
    """Account and chain head of the ledger in a line, for somebody elsewhere; "" where it cannot be read."""
    try:
        with closing(open_without_migrating(settings.ledger, busy_seconds=1.0)) as database:
            account = pinned_account_of(settings, database)
            head = head_text(pinned_head(settings, database))
    except LedgerError:
        return ""
    return f"account {shown_key(account.key)}, ledger head {head}" if account and head else ""
