"""The accounts of a ledger, and which of them each home has pinned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tradebot.core.model.account_numbers import is_secret
from tradebot.core.model.ledger_rows import PinnedAccount
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.codec import columns_of, stamp, value_from
from tradebot.ledger.engine import Engine
from tradebot.ledger.generations import is_known, newest
from tradebot.ledger.homes import KnownHome
from tradebot.ledger.row_keys import next_row_key, row_key_of
from tradebot.settings.redaction import learn_secrets

_PINNED = (
    "SELECT accounts.history AS key, accounts.broker, accounts.mode, accounts.account_id, pins.pinned_at"
    " FROM pins JOIN accounts ON accounts.account_key = pins.account_key"
)


class PinnedAccounts:
    """The tables of accounts and pins. The account that a home has pinned for a (broker, mode) is the only one that
    it sends orders for. Other homes may pin another one, or the same.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pinned(self, home_id: str, broker: str, mode: str) -> PinnedAccount | None:
        """The account that a home has pinned for a (broker, mode); None before its first use."""
        row = self._engine.one(
            f"{_PINNED} WHERE pins.home_id = :home_id AND pins.broker = :broker AND pins.mode = :mode",
            {"home_id": home_id, "broker": broker, "mode": mode},
        )
        return value_from(PinnedAccount, row) if row else None

    def of_home(self, home_id: str) -> tuple[PinnedAccount, ...]:
        """Every account that a home has pinned."""
        rows = self._engine.all(
            f"{_PINNED} WHERE pins.home_id = :home_id ORDER BY accounts.history", {"home_id": home_id}
        )
        return tuple(value_from(PinnedAccount, row) for row in rows)

    def homes_of(self, account_key: str) -> tuple[str, ...]:
        """The ids of the homes that have pinned an account."""
        rows = self._engine.all(
            "SELECT home_id FROM pins JOIN accounts ON accounts.account_key = pins.account_key"
            " WHERE accounts.history = :account_key ORDER BY home_id",
            {"account_key": account_key},
        )
        return tuple(row["home_id"] for row in rows)

    def has(self, account_key: str) -> bool:
        """Whether the ledger knows an account, pinned or not."""
        return is_known(self._engine, account_key)

    def mask_secret_ids(self) -> None:
        """Let the account ids that are secret be masked in everything that this process shows."""
        for row in self._engine.all("SELECT broker, mode, account_id FROM accounts", {}):
            if is_secret(row["broker"], row["mode"]):
                learn_secrets(row["account_id"])

    def pin(self, home_id: str, account: PinnedAccount, *, opening_due: bool = False) -> None:
        """Pin an account to its (broker, mode) in a home. It replaces the one pinned before, whose rows stay.

        ``opening_due``: an account that is new in this ledger begins with the broker's statement.
        """
        before = self.pinned(home_id, account.broker, account.mode)
        if before is not None and before.key == account.key:
            return
        with self._engine.transaction():
            row_key = row_key_of(self._engine, account.key) or self._add(account, opening_due)
            self._engine.insert(
                "pins",
                {
                    "home_id": home_id,
                    "broker": account.broker,
                    "mode": account.mode,
                    "account_key": row_key,
                    "pinned_at": stamp(account.pinned_at),
                },
                "ON CONFLICT (home_id, broker, mode) DO UPDATE"
                " SET account_key = excluded.account_key, pinned_at = excluded.pinned_at",
            )
            detail = columns_of(account) | {"replaces": before.key if before else None}
            self._audit(account, AuditKind.ACCOUNT_PINNED, account.pinned_at, detail)

    def _add(self, account: PinnedAccount, opening_due: bool) -> str:
        """Store an account that is new here. Returns the key of its rows."""
        columns = {"history": account.key, **columns_of(account, without=("key",))}
        opening = "due" if opening_due else "none"
        self._engine.insert(
            "accounts",
            {"account_key": next_row_key(self._engine), "opening": opening, **columns},
            "ON CONFLICT (history) DO NOTHING",  # another process may have added it meanwhile
        )
        row_key = row_key_of(self._engine, account.key)
        assert row_key is not None, "it was inserted, or was there"
        return row_key

    def forget_home(self, home: KnownHome, reason: str, at: datetime) -> tuple[PinnedAccount, ...]:
        """Take the pins of a home that is no more, and give the accounts that it had. Their rows stay."""
        with self._engine.transaction():
            accounts = self.of_home(home.home_id)
            for account in accounts:
                detail = {"home_id": home.home_id, "host": home.host, "path": home.path, "reason": reason}
                self._audit(account, AuditKind.HOME_FORGOTTEN, at, detail)
            self._engine.execute("DELETE FROM pins WHERE home_id = :home_id", {"home_id": home.home_id})
        return accounts

    def _audit(self, account: PinnedAccount, kind: AuditKind, at: datetime, detail: Mapping[str, Any]) -> None:
        newest(self._engine, account.key).trail(self._engine).append(kind, account.key, at, detail)
