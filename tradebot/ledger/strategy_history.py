"""The sessions in which each strategy spoke, and the versions that it had in them: what probation counts."""

from __future__ import annotations

import json
from datetime import date, datetime

from tradebot.core.model.strategy_versions import StrategyRecord, StrategyVersion
from tradebot.ledger.audit import STRATEGY_SESSIONS, STRATEGY_VERSIONS, AuditTrail
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.engine import Engine, Row


class StrategyHistory:
    """The history of one account's strategies."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def record(self, version: StrategyVersion, session: date, at: datetime) -> None:
        """Store that a strategy gave signals in a session, as this version. A repetition changes nothing."""
        name = {"strategy": version.strategy, "fingerprint": version.fingerprint}
        contents = {
            "earlier_fingerprint": version.earlier_fingerprint,
            "files": canonical_json(version.files),
            "changed": canonical_json(version.changed),
        }
        with self._engine.transaction():
            self._trail.record(STRATEGY_VERSIONS, {**name, **contents}, at)
            self._trail.record(STRATEGY_SESSIONS, {**name, "session": session.isoformat()}, at)

    def sessions(self, version: StrategyVersion, before: date) -> int:
        """The number of sessions before ``before`` in which the strategy gave signals as it is.

        Sessions that were counted by the earlier rule count for the first version with that earlier fingerprint: what
        has changed since is another version, although the earlier rule does not see it.
        """
        row = self._engine.one(
            "SELECT COUNT(DISTINCT session) AS sessions FROM strategy_sessions WHERE account_key = :account_key"
            " AND strategy = :strategy AND fingerprint IN (:fingerprint, :earlier) AND session < :before",
            {
                **self._account,
                "strategy": version.strategy,
                "fingerprint": version.fingerprint,
                "earlier": version.earlier_fingerprint if self._is_first(version) else version.fingerprint,
                "before": before.isoformat(),
            },
        )
        return int(row["sessions"]) if row else 0

    def newest(self, strategy: str) -> StrategyRecord | None:
        """The newest session of a strategy, and the version that it had; None before its first."""
        row = self._engine.one(
            "SELECT session, fingerprint, earlier_fingerprint, files, changed FROM strategy_sessions"
            " LEFT JOIN strategy_versions USING (account_key, strategy, fingerprint)"
            " WHERE account_key = :account_key AND strategy = :strategy"
            " ORDER BY strategy_sessions.seq DESC LIMIT 1",
            {**self._account, "strategy": strategy},
        )
        if row is None:
            return None
        version = None if row["files"] is None else _version(strategy, row)
        return StrategyRecord(date.fromisoformat(row["session"]), row["fingerprint"], version)

    def version(self, strategy: str, fingerprint: str) -> StrategyVersion | None:
        """The version of a strategy with this fingerprint; None where it is not stored."""
        row = self._engine.one(
            "SELECT * FROM strategy_versions WHERE account_key = :account_key AND strategy = :strategy"
            " AND fingerprint = :fingerprint",
            {**self._account, "strategy": strategy, "fingerprint": fingerprint},
        )
        return None if row is None else _version(strategy, row)

    def _is_first(self, version: StrategyVersion) -> bool:
        """Whether no other version with the same earlier fingerprint came before this one."""
        row = self._engine.one(
            "SELECT fingerprint FROM strategy_versions WHERE account_key = :account_key AND strategy = :strategy"
            " AND earlier_fingerprint = :earlier ORDER BY seq LIMIT 1",
            {**self._account, "strategy": version.strategy, "earlier": version.earlier_fingerprint},
        )
        return row is None or row["fingerprint"] == version.fingerprint


def _version(strategy: str, row: Row) -> StrategyVersion:
    files, changed = json.loads(row["files"]), json.loads(row["changed"])
    return StrategyVersion(strategy, row["fingerprint"], row["earlier_fingerprint"], files, changed)
