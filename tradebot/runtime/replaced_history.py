"""Puts the history of an account in another ledger in the place of the one that it has: by generation, or by file.

A ledger that can be opened gets a new generation of the account, and nothing else in it changes. A file that is missing
or damaged is replaced as a whole; what other accounts have in it is carried over where it can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from tradebot.core.model.history_keys import account_of
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import LedgerBusy, LedgerError
from tradebot.home import chain_heads, paths
from tradebot.home.atomic_files import replace_text, sync_folder, write_error_text
from tradebot.ledger import generations
from tradebot.ledger.audit import Head
from tradebot.ledger.copy_rows import copy_account, copy_beside
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.row_keys import histories
from tradebot.ledger.verify import verify, verify_rows
from tradebot.runtime.chain_heads import heads_by_account, home_number
from tradebot.settings import Settings
from tradebot.settings.ledger_location import LedgerLocation


def is_whole(location: LedgerLocation) -> bool:
    """Whether the ledger can be opened and read. One on a server that cannot be reached raises LedgerError."""
    if isinstance(location, Path) and not location.exists():
        return False
    try:
        with closing(open_database(location, create=False)) as database:
            return not database.engine.damage()
    except LedgerBusy:
        raise
    except LedgerError:
        if isinstance(location, Path):
            return False
        raise


def switch_history(
    settings: Settings, database: Database, made: Database, accounts: Sequence[str], why: str, at: datetime
) -> None:
    """Give accounts the history that they have in ``made`` as new generations, all or none. Raises LedgerError."""
    sound = {account: _is_sound(settings, database, account) for account in accounts}
    with database.engine.transaction():
        for account, is_sound in sound.items():
            generations.switch(made.engine, database.engine, account, why, at, is_sound=is_sound)


def _is_sound(settings: Settings, database: Database, account: str) -> bool:
    """Whether the history of an account is proved, by its rows and by the heads that the home stored."""
    key = generations.newest(database.engine, account).row_key
    try:
        by_account = heads_by_account(settings)
        heads: list[Head] = by_account.get(account_hash(account), [])
        number = home_number(settings, database)
        return not verify(database, heads_outside=lambda: heads, home=number, only=[key]).findings
    except LedgerBusy:
        raise
    except LedgerError:
        return False


def carry_over(old: Path, database: Database, without: str) -> Iterator[str]:
    """Copy what the accounts other than ``without`` have in a damaged file, and tell of each what became of it."""
    try:
        before = open_database(old, create=False)
    except LedgerError:
        return
    with closing(before):
        known: dict[str, str] = {}
        with suppress(LedgerError):
            known = histories(before.engine)
        for account in sorted({account_of(history) for history in known.values()} - {without}):
            own = {key: history for key, history in known.items() if account_of(history) == account}
            if _carried(before, database, own):
                yield f"carried over as it was: the history of account {account}"
            else:
                yield f"not carried over, because it cannot be read whole: the history of account {account}"


def _carried(before: Database, database: Database, own: Mapping[str, str]) -> bool:
    """Whether all histories of an account were copied. ``own``: their keys by those of their rows."""
    try:
        if verify_rows(before.engine, own):
            return False
        in_order = sorted(own, key=lambda key: (len(own[key]), own[key]))
        with database.engine.transaction():
            new = [copy_account(before.engine, database.engine, key, own[key]) for key in in_order]
            copy_beside(before.engine, database.engine, in_order[0], new[0])
    except LedgerError:
        return False
    return True


def set_lost_heads_aside(settings: Settings, database: Database, aside: Path) -> None:
    """Leave in the file of chain heads those that the ledger holds. The file as it was is kept under another name.

    Without its heads, a truncated ledger that was put aside would pass as whole.
    """
    path = paths.chain_heads_file(settings.home)
    if not path.exists():
        return
    try:
        heads = chain_heads.read_heads(path)
    except LedgerError:
        heads = ()
    held = [head for head in heads if database.has_row((head.seq, head.hash))]
    if held and len(held) == len(heads):
        return
    try:
        if not held:
            path.replace(aside)
        else:
            aside.write_bytes(path.read_bytes())
            replace_text(path, "".join(f"{chain_heads.line_of(head)}\n" for head in held))
        sync_folder(path.parent)
    except OSError as error:
        raise write_error_text(path, error) from error
