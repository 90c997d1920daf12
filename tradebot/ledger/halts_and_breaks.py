"""The halts that the ledger latches, and the breaks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from tradebot.core.model.breaks import NEEDS_CONFIRMATION, Break
from tradebot.core.model.halts import Halt, HaltEnd, HaltRule, HaltSource
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import BREAKS, HALTS, NEW, AuditTrail
from tradebot.ledger.codec import columns_of, stamp, value_from
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.numbers import insert_numbered

_LATCHED = "SELECT * FROM halts WHERE account_key = :account_key AND cleared_at IS NULL ORDER BY halt_id"
_CLEARED = "SELECT * FROM halts WHERE account_key = :account_key AND cleared_at IS NOT NULL ORDER BY halt_id"
_LATCHED_BY_BREAKS = (
    "SELECT * FROM halts WHERE account_key = :account_key AND cleared_at IS NULL AND rule = 'breaks'"
    " AND ends = 'explained' ORDER BY halt_id"
)
#: Confirmed differences in shares that are closed since an instant.
_CAME_BACK = (
    "SELECT symbol, MIN(opened_at) AS opened_at FROM breaks WHERE account_key = :account_key AND confirmed = 1"
    " AND closed_at >= :since AND kind IN ('quantity', 'side', 'missing_here', 'missing_there')"
    " GROUP BY symbol ORDER BY symbol"
)
_BOOKED = (
    "SELECT detail FROM audit WHERE account_key = :account_key AND at >= :since"
    " AND kind IN ('fill_booked', 'split_booked', 'reorganisation_booked', 'adjustment_booked') ORDER BY seq"
)
_OPEN = "SELECT * FROM breaks WHERE account_key = :account_key AND closed_at IS NULL ORDER BY break_id"
#: The fields of a halt that are no column of it: every row carries its account.
_NOT_STORED = ("source", "account")


class HaltsAndBreaks:
    """The halts and breaks of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    # --- halts ---------------------------------------------------------------------------

    def halts(self) -> tuple[Halt, ...]:
        """The latched halts, in the order of latching, including those whose ``until`` has passed."""
        return tuple(self._halt(row) for row in self._engine.all(_LATCHED, self._account))

    def latch(self, halt: Halt, at: datetime) -> None:
        """Latch a halt, unless one that is equal in every field save the source is latched."""
        columns = columns_of(halt, without=_NOT_STORED)
        with self._engine.transaction():
            if any(columns_of(known, without=_NOT_STORED) == columns for known in self.halts()):
                return
            row = insert_numbered(self._engine, "halts", {**self._account, **columns, "latched_at": stamp(at)})
            assert row is not None, "it was inserted"
            self._trail.append_state(HALTS, row, AuditKind.HALT_LATCHED, halt.rule, at, _audited(halt))

    def clear(self, halts: Collection[Halt], reason: str, at: datetime) -> tuple[Halt, ...]:
        """Clear those of ``halts`` that are latched here, and return them as they are here.

        Halts are matched by ``identity``, which copies in other latches share. Raises ValueError for an empty reason.
        """
        if not reason.strip():
            raise ValueError("a halt is cleared for a reason")
        identities = {halt.identity for halt in halts}
        cleared = []
        with self._engine.transaction():
            for row in self._engine.all(_LATCHED, self._account):
                halt = self._halt(row)
                if halt.identity in identities:
                    self._clear(row["halt_id"], halt, reason, at)
                    cleared.append(halt)
        return tuple(cleared)

    def _clear(self, halt_id: int, halt: Halt, reason: str, at: datetime) -> None:
        row = self._engine.one(
            "UPDATE halts SET cleared_at = :at, cleared_reason = :reason"
            " WHERE account_key = :account_key AND halt_id = :halt_id RETURNING *",
            {**self._account, "at": stamp(at), "reason": reason, "halt_id": halt_id},
        )
        assert row is not None, "it is latched"
        self._trail.append_state(HALTS, row, AuditKind.HALT_CLEARED, halt.rule, at, _audited(halt))

    def is_cleared(self, halt: Halt) -> bool:
        """Whether a halt of another latch was latched here once, and has been cleared: it is over everywhere."""
        rows = self._engine.all(
            "SELECT * FROM halts WHERE account_key = :account_key AND since = :since",
            {**self._account, "since": None if halt.since is None else stamp(halt.since)},
        )
        same = [row for row in rows if self._halt(row).identity == halt.identity]
        return bool(same) and all(row["cleared_at"] is not None for row in same)

    def reenabled(self, strategy: str) -> datetime | None:
        """When a halt of a strategy for repeated entries was last cleared, aware UTC; None for never."""
        row = self._engine.one(
            "SELECT MAX(cleared_at) AS at FROM halts WHERE account_key = :account_key AND rule = :rule"
            " AND scope_name = :strategy",
            {**self._account, "rule": HaltRule.REPEATED_ORDERS.value, "strategy": strategy},
        )
        return datetime.fromisoformat(row["at"]) if row and row["at"] else None

    def last_end(self, rule: HaltRule) -> datetime | None:
        """When a halt of a rule was last cleared, aware UTC; None for never."""
        row = self._engine.one(
            "SELECT MAX(cleared_at) AS at FROM halts WHERE account_key = :account_key AND rule = :rule",
            {**self._account, "rule": rule.value},
        )
        return datetime.fromisoformat(row["at"]) if row and row["at"] else None

    def count_explained(self, run_id: int | None, at: datetime) -> bool:
        """Note that a run explains everything, or that the present one does not (None), for the halts that end by that.

        True when an earlier run did too, with none between that did not.
        """
        with self._engine.transaction():
            row = self._engine.one(_LATCHED_BY_BREAKS, self._account)
            if row is None or row["explained_in"] == run_id:
                return False
            if run_id is not None and row["explained_in"] is not None:
                return True
            self._change_halt(row, "explained_in", run_id, at)
            return False

    def only_resume_ends_breaks(self, at: datetime) -> None:
        """Let the latched halt for breaks end by a person alone."""
        with self._engine.transaction():
            row = self._engine.one(_LATCHED_BY_BREAKS, self._account)
            if row is not None:
                self._change_halt(row, "ends", HaltEnd.RESUME.value, at)

    def _change_halt(self, row: Row, column: str, value: str | int | None, at: datetime) -> None:
        after = self._engine.one(
            f"UPDATE halts SET {column} = :value WHERE account_key = :account_key AND halt_id = :halt_id RETURNING *",
            {**self._account, "value": value, "halt_id": row["halt_id"]},
        )
        assert after is not None, "it is latched"
        detail = {"since": row["since"], column: value}
        self._trail.append_state(HALTS, after, AuditKind.HALT_CHANGED, row["rule"], at, detail)

    # --- halts that the operator was told of ---------------------------------------------

    def told(self, halt: Halt, what: str, at: datetime) -> datetime:
        """Note that the operator is told of a standing halt, and return since when he is."""
        row = self._engine.insert(
            "told_halts",
            {**self._account, "halt_key": halt.key, "told_at": stamp(at), "what": what},
            "ON CONFLICT (account_key, halt_key) DO UPDATE SET halt_key = excluded.halt_key RETURNING told_at",
        )
        assert row is not None, "the row was inserted or was there"
        return datetime.fromisoformat(row["told_at"])

    def told_and_over(self, standing: Collection[Halt]) -> tuple[tuple[str, str], ...]:
        """The halts that were told and stand no more, each with why it ended. They are forgotten here."""
        keys = {halt.key for halt in standing}
        with self._engine.transaction():
            rows = self._engine.all("SELECT * FROM told_halts WHERE account_key = :account_key", self._account)
            over = [row for row in rows if row["halt_key"] not in keys]
            if not over:
                return ()
            for row in over:
                self._engine.execute(
                    "DELETE FROM told_halts WHERE account_key = :account_key AND halt_key = :halt_key",
                    {**self._account, "halt_key": row["halt_key"]},
                )
            cleared = self._engine.all(_CLEARED, self._account)
            reasons = {self._halt(row).key: row["cleared_reason"] for row in cleared}
            return tuple((row["what"], reasons.get(row["halt_key"], "no latch holds it")) for row in over)

    # --- breaks --------------------------------------------------------------------------

    def breaks(self) -> tuple[Break, ...]:
        """The open breaks, in the order of opening."""
        return tuple(each for each in self._open_ones() if each.confirmed)

    def pending(self) -> tuple[Break, ...]:
        """The differences that one look has shown and no second look has confirmed."""
        return tuple(each for each in self._open_ones() if not each.confirmed)

    def record_breaks(
        self,
        breaks: Sequence[Break],
        session: date,
        at: datetime,
        *,
        first_seen_by: datetime,
        unsettled: Collection[str] = (),
    ) -> tuple[Break, ...]:
        """Store the result of a comparison: new differences open, known ones age, others close. Returns the open ones.

        Differences are matched by kind and symbol; several with the same kind and symbol by their order. One of a kind
        that needs confirmation opens as pending. It is confirmed when it is seen again and was first seen at
        ``first_seen_by`` or before, save for the symbols ``unsettled``, which changed while they were read.
        """
        with self._engine.transaction():
            known: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
            for row in self._engine.all(_OPEN, self._account):
                known[row["kind"], row["symbol"]].append(row)
            for each in breaks:
                rows = known[each.kind, each.symbol]
                if rows:
                    row = rows.pop(0)
                    again = row["opened_at"] <= stamp(first_seen_by) and each.symbol not in unsettled
                    confirmed = bool(row["confirmed"]) or again
                    self._update(row, replace(each, confirmed=confirmed), session, at)
                else:
                    self._open(replace(each, confirmed=each.kind not in NEEDS_CONFIRMATION), session, at)
            for rows in known.values():
                for row in rows:
                    self._close(row, at)
            return self._open_ones() if breaks else ()

    def came_back(self, since: datetime) -> tuple[str, ...]:
        """The symbols whose shares agree again since an instant although no row that was booked since is about them."""
        rows = self._engine.all(_CAME_BACK, {**self._account, "since": stamp(since)})
        return tuple(row["symbol"] for row in rows if not self._is_booked(row["symbol"], row["opened_at"]))

    def _is_booked(self, symbol: str, since: str) -> bool:
        rows = self._engine.all(_BOOKED, {**self._account, "since": since})
        details = (json.loads(row["detail"]) for row in rows)
        return any(symbol in (detail.get("symbol"), detail.get("new_symbol")) for detail in details)

    def _open_ones(self) -> tuple[Break, ...]:
        return tuple(value_from(Break, row) for row in self._engine.all(_OPEN, self._account))

    def _open(self, new: Break, session: date, at: datetime) -> None:
        columns = columns_of(new) | {
            "first_seen": session.isoformat(),
            "last_seen": session.isoformat(),
            "age_sessions": 0,
        }
        row = insert_numbered(self._engine, "breaks", {**self._account, **columns, "opened_at": stamp(at)})
        assert row is not None, "it was inserted"
        kind = AuditKind.BREAK_OPENED if new.confirmed else AuditKind.DIFFERENCE_SEEN
        self._trail.append_state(BREAKS, row, kind, f"{new.kind} {new.symbol}", at, {**columns, NEW: 1})

    def _update(self, row: Row, again: Break, session: date, at: datetime) -> None:
        columns = columns_of(again, without=("first_seen", "kind", "symbol")) | {
            "last_seen": session.isoformat(),
            "age_sessions": row["age_sessions"] + (row["last_seen"] != session.isoformat()),
        }
        if all(row[name] == value for name, value in columns.items()):
            return
        after = self._engine.one(
            "UPDATE breaks SET here = :here, there = :there, message = :message, last_seen = :last_seen,"
            " age_sessions = :age_sessions, severity = :severity, dollars = :dollars, confirmed = :confirmed"
            " WHERE account_key = :account_key AND break_id = :break_id RETURNING *",
            {**self._account, **columns, "break_id": row["break_id"]},
        )
        assert after is not None, "it is open"
        confirmed = AuditKind.BREAK_CHANGED if row["confirmed"] else AuditKind.BREAK_OPENED
        kind = confirmed if again.confirmed else AuditKind.DIFFERENCE_SEEN
        self._trail.append_state(BREAKS, after, kind, f"{again.kind} {again.symbol}", at, columns)

    def _close(self, row: Row, at: datetime) -> None:
        closed = self._engine.one(
            "UPDATE breaks SET closed_at = :at WHERE account_key = :account_key AND break_id = :break_id RETURNING *",
            {**self._account, "at": stamp(at), "break_id": row["break_id"]},
        )
        assert closed is not None, "it is open"
        kind = AuditKind.BREAK_CLOSED if row["confirmed"] else AuditKind.DIFFERENCE_GONE
        self._trail.append_state(BREAKS, closed, kind, f"{row['kind']} {row['symbol']}", at, {})

    def _halt(self, row: Row) -> Halt:
        return value_from(Halt, row, source=HaltSource.LEDGER, account=self._trail.account)


def _audited(halt: Halt) -> dict[str, Value]:
    """The fields of a halt in the audit trail, whose rows carry the account."""
    return columns_of(halt, without=("account",))
