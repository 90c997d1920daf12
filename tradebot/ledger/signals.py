"""The signals that strategies gave in each session, with the values of their indicators."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tradebot.core.model.signal_records import GivenSignal, SignalsRecord
from tradebot.core.model.signals import Action, Condition, Readiness
from tradebot.ledger.audit import SIGNALS, AuditTrail, digest_of
from tradebot.ledger.codec import canonical_json, columns_of, value_from
from tradebot.ledger.engine import Engine, Row
from tradebot.ledger.numbers import next_number

#: The significant digits of an indicator's value that are stored: they explain, and nothing is decided by them.
DIGITS = 6


class SignalLog:
    """The signals of one account's strategies."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail

    def store(self, run_id: int, records: Iterable[SignalsRecord]) -> None:
        """Store what each strategy gave in a run."""
        with self._engine.transaction():
            for record in records:
                self._store(run_id, record)

    def _store(self, run_id: int, record: SignalsRecord) -> None:
        own = {"account_key": self._trail.account_key, "run_id": run_id}
        given = canonical_json({symbol: _given(signal) for symbol, signal in record.given.items()})
        row: dict[str, Any] = {**own, **columns_of(record, without=("given",)), "given": given}
        row["seq"] = next_number(self._engine, "signals", self._trail.account_key)
        self._engine.insert("signals", row)
        detail = {"session": record.session, "strategy": record.strategy}
        self._trail.append(SIGNALS.kind, str(row["seq"]), record.at, detail, digest_of(row, self._trail.account))

    def of_session(self, session: date) -> tuple[SignalsRecord, ...]:
        """What each strategy gave in a session: the record of its newest run that has signals, else of its newest."""
        rows = self._engine.all(
            "SELECT * FROM signals WHERE account_key = :account_key AND session = :session ORDER BY seq",
            {"account_key": self._trail.account_key, "session": session.isoformat()},
        )
        newest: dict[str, SignalsRecord] = {}
        for row in rows:
            record = _record(row)
            before = newest.get(record.strategy)
            if record.given or before is None or not before.given:
                newest[record.strategy] = record
        return tuple(newest.values())

    def first_session(self) -> date | None:
        """The first session whose signals are stored; None for none: an earlier version stored none."""
        row = self._engine.one(
            "SELECT MIN(session) AS session FROM signals WHERE account_key = :account_key",
            {"account_key": self._trail.account_key},
        )
        return date.fromisoformat(row["session"]) if row and row["session"] else None


def _given(signal: GivenSignal) -> dict[str, object]:
    return {
        "action": signal.action.value,
        "readiness": signal.readiness.value,
        "reason": signal.reason,
        "values": [[name, _rounded(value)] for name, value in signal.values],
        "conditions": [[condition.text, condition.met] for condition in signal.conditions],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.{DIGITS}g}")


def _record(row: Row) -> SignalsRecord:
    given = {symbol: _signal(columns) for symbol, columns in json.loads(row["given"]).items()}
    return value_from(SignalsRecord, row, given=given)


def _signal(columns: Mapping[str, Any]) -> GivenSignal:
    return GivenSignal(
        action=Action(columns["action"]),
        readiness=Readiness(columns["readiness"]),
        reason=columns["reason"],
        values=tuple((name, value) for name, value in columns["values"]),
        conditions=tuple(Condition(text, met) for text, met in columns["conditions"]),
    )
