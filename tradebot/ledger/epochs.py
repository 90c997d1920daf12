"""The epoch of an account: which process took it last.

A lock alone is no fence: a process that was stopped, asleep or cut off may lose it and not notice. So the process that
takes an account raises its epoch, and one that acts for an earlier epoch can store nothing about orders any more. An
intent is stored before its request leaves, so it sends nothing either.

The table has one row an account. Who ran when is in the table of runs.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from tradebot.core.model.holders import Epoch, Holder
from tradebot.core.results.audit_events import AuditKind
from tradebot.errors import Locked
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.codec import stamp
from tradebot.ledger.engine import Engine, Value
from tradebot.ledger.row_keys import row_key_of

_RAISE = (
    "ON CONFLICT (account_key) DO UPDATE SET number = epochs.number + 1, pid = excluded.pid,"
    " command = excluded.command, since = excluded.since, host = excluded.host, home_id = excluded.home_id"
    " RETURNING number"
)


class Epochs:
    """The epoch of one account. ``held`` is that of this process; None where it has not taken the account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self.held: Epoch | None = None

    @cached_property
    def _row_key(self) -> str:
        """The key of the rows of the account's first history: an epoch is that of all."""
        return row_key_of(self._engine, self._trail.account) or self._trail.account_key

    def current(self) -> Epoch | None:
        """The newest epoch; None before the first."""
        row = self._engine.one("SELECT * FROM epochs WHERE account_key = :account_key", {"account_key": self._row_key})
        if row is None:
            return None
        holder = Holder(row["pid"], row["command"], datetime.fromisoformat(row["since"]), row["host"])
        return Epoch(row["number"], holder, row["home_id"])

    def take(self, holder: Holder, home_id: str) -> Epoch:
        """Begin an epoch of this process, which ends that of any other."""
        with self._engine.transaction():
            self._engine.lock_account(self._row_key)
            columns: dict[str, Value] = {
                "account_key": self._row_key,
                "number": 1,
                "pid": holder.pid,
                "command": holder.command,
                "since": stamp(holder.since),
                "host": holder.host,
                "home_id": home_id,
            }
            row = self._engine.insert("epochs", columns, _RAISE)
            assert row is not None, "it was inserted or raised"
        self.held = Epoch(row["number"], holder, home_id)
        return self.held

    def take_over(self, holder: Holder, home_id: str, reason: str) -> Epoch | None:
        """Begin an epoch of a person's, with an audit row on whose it ends; returns that one."""
        with self._engine.transaction():
            before = self.current()
            self.take(holder, home_id)
            detail = {
                "from_host": before.holder.host if before else "",
                "from_pid": before.holder.pid if before else 0,
                "from_command": before.holder.command if before else "",
                "to_host": holder.host,
                "reason": reason,
            }
            self._trail.append(AuditKind.ACCOUNT_TAKEN_OVER, self._trail.account, holder.since, detail)
        return before

    def confirm(self) -> None:
        """Raise Locked where another process has taken the account since this one did."""
        if self.held is None:
            return
        current = self.current()
        if current != self.held:
            by = current.holder.text(self.held.holder.host) if current else "a ledger that was put in its place"
            raise Locked(
                f"this run has lost account {self._trail.account} to another: {by}. It sends nothing more; the "
                "jobs of that one settle what it had sent."
            )

    def confirm_to_write(self) -> None:
        """As ``confirm``, inside a transaction: until its end nobody else takes the account."""
        if self.held is not None:
            self._engine.lock_account(self._row_key)
            self.confirm()
