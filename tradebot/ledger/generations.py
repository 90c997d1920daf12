"""The generations of an account's history: the newest is the one that jobs read and write.

``rebuild`` and ``restore`` make a ledger of its own first. ``switch`` copies the account's rows out of it under a new
row key and makes them the account's history, in one transaction: others see the old one or the new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tradebot.core.model.history_keys import history_key
from tradebot.ledger.audit import GENERATIONS, AuditTrail
from tradebot.ledger.codec import stamp
from tradebot.ledger.copy_rows import copy_account
from tradebot.ledger.engine import Engine, Value
from tradebot.ledger.row_keys import row_key_of

_NEWEST = "SELECT account_key, generation FROM generations WHERE account = :account ORDER BY generation DESC LIMIT 1"
#: The row key of an account that the ledger does not know: no row has it.
_NO_ROWS = "0"


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of an account."""

    account: str  # its own key
    number: int  # from 1
    row_key: str  # of its rows

    @property
    def history(self) -> str:
        """The key of this history of the account."""
        return history_key(self.account, self.number)

    def trail(self, engine: Engine) -> AuditTrail:
        """The audit trail of this history."""
        return AuditTrail(engine, self.row_key, self.account)


def is_known(engine: Engine, account: str) -> bool:
    """Whether the ledger knows an account, pinned or not."""
    return row_key_of(engine, account) is not None


def newest(engine: Engine, account: str) -> Generation:
    """The newest generation of an account, whose rows are its history."""
    row = engine.one(_NEWEST, {"account": account})
    if row is not None:
        return Generation(account, row["generation"], row["account_key"])
    return Generation(account, 1, row_key_of(engine, account) or _NO_ROWS)


def switch(source: Engine, target: Engine, account: str, why: str, at: datetime, *, is_sound: bool) -> Generation:
    """Make the newest history of an account in ``source`` its history in ``target``, inside a transaction of both.

    An account that ``target`` does not know begins there with it. is_sound: whether the history that it replaces can be
    proved. Raises LedgerError.
    """
    taken, before = newest(source, account), newest(target, account)
    target.lock_account(before.row_key)
    if not is_known(target, account):
        return Generation(account, 1, copy_account(source, target, taken.row_key, account))
    number = max(taken.number, before.number) + 1
    row_key = copy_account(source, target, taken.row_key, history_key(account, number))
    after = Generation(account, number, row_key)
    columns: dict[str, Value] = {
        "account": account,
        "generation": after.number,
        "replaces": before.history,
        "replaced_sound": int(is_sound),
        "why": why,
        "at": stamp(at),
    }
    after.trail(target).record(GENERATIONS, columns, at)
    if why == "restore":  # the copy has the same alerts
        target.execute(
            "UPDATE alert_posts SET state = 'kept', settled = :at, next_try = NULL"
            " WHERE account_key = :key AND state = 'waiting'",
            {"at": stamp(at), "key": before.row_key},
        )
    return after
