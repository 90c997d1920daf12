"""The pinned accounts: one for each broker and mode that this ledger was used with."""

from __future__ import annotations

from tradebot.core.model.account_numbers import is_secret
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.codec import columns_of, value_from
from tradebot.ledger.engine import Engine
from tradebot.settings.redaction import learn_secrets


class PinnedAccounts:
    """The table of accounts. The pinned one of a (broker, mode) is the only one that orders are sent for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pinned(self, broker: str, mode: str) -> PinnedAccount | None:
        """The pinned account of a (broker, mode); None before its first use."""
        row = self._engine.one(
            "SELECT account_key AS key, broker, mode, account_id, pinned_at FROM accounts"
            " WHERE broker = :broker AND mode = :mode AND pinned = 1",
            {"broker": broker, "mode": mode},
        )
        return value_from(PinnedAccount, row) if row else None

    def pinned_keys(self) -> tuple[str, ...]:
        """The key of each pinned account."""
        rows = self._engine.all("SELECT account_key FROM accounts WHERE pinned = 1 ORDER BY account_key", {})
        return tuple(row["account_key"] for row in rows)

    def mask_secret_ids(self) -> None:
        """Let the account ids that are secret be masked in everything that this process shows."""
        for row in self._engine.all("SELECT broker, mode, account_id FROM accounts", {}):
            if is_secret(row["broker"], row["mode"]):
                learn_secrets(row["account_id"])

    def pin(self, account: PinnedAccount, *, opening_due: bool = False) -> None:
        """Pin an account to its (broker, mode). It replaces the one pinned before, whose rows stay.

        ``opening_due``: an account that is new here begins with the broker's statement.
        """
        before = self.pinned(account.broker, account.mode)
        if before is not None and before.key == account.key:
            return
        with self._engine.transaction():
            self._engine.execute(
                "UPDATE accounts SET pinned = 0 WHERE broker = :broker AND mode = :mode",
                {"broker": account.broker, "mode": account.mode},
            )
            self._engine.insert(
                "accounts",
                {
                    "account_key": account.key,
                    "pinned": 1,
                    "opening": "due" if opening_due else "none",
                    **columns_of(account, without=("key",)),
                },
                "ON CONFLICT (account_key) DO UPDATE SET pinned = 1, pinned_at = excluded.pinned_at",
            )
            detail = columns_of(account) | {"replaces": before.key if before else None}
            AuditTrail(self._engine, account.key).append(
                AuditKind.ACCOUNT_PINNED, account.key, account.pinned_at, detail
            )
