"""The state of the other tables by the audit trail. Each row of the trail is applied to it in turn.

Rows that the trail does not digest are those that an earlier version wrote: of them the trail knows less.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tradebot.core.model.account import CASH
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.orders import OrderState, may_move
from tradebot.core.results.audit_events import RESTORED, AuditKind
from tradebot.ledger.audit import ACTIVITIES, BREAKS, CHANGING, HALTS, NEW, RUNS, ChangingTable, Head
from tradebot.ledger.engine import Value
from tradebot.ledger.kept_heads import NotedHeads
from tradebot.ledger.told_columns import whole_intent

#: An account key and the name of a row within the account.
Key = tuple[str, str]
#: An account key and the number of a row within the account.
RowNumber = tuple[str, int]
Columns = dict[str, Value]
_CASH_BREAK = f"{BreakKind.CASH} {CASH}"


class TrailState:
    """What the other tables must hold after the rows of the trail so far."""

    def __init__(self, starts: Mapping[str, Head]) -> None:
        """Begin without a row. ``starts``: where chains leave a common one."""
        #: Digest and number of the audit row by (account, row) of an append-only table, by the kind of the audit row.
        self.digests: dict[str, dict[Key, tuple[str, int]]] = {}
        #: First and last decision and digest of each batch, by account.
        self.batches: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        self.orders: dict[Key, Columns] = {}
        self.states: dict[Key, str] = {}  # of orders
        self.holdings: dict[Key, str] = {}  # columns as JSON
        self.changing = {each.table: ChangingRows(each) for each in CHANGING}
        self.old_halts: list[tuple[str, Columns]] = []  # account and columns of latched ones without a digest
        self.bare: dict[Key, list[Columns]] = defaultdict(list)  # columns of the bare periods of a holding
        self.peaks: dict[str, str] = {}  # equity peak by account
        self.booked: Counter[str] = Counter()  # bookings by account
        self.cash_breaks: set[str] = set()  # accounts with an open break of cash
        self.order = WriteOrder()
        self.heads = NotedHeads(starts)
        self._pending: Counter[Key] = Counter()  # differences without a digest that no second look has confirmed
        self._appliers = self._all_appliers()

    def apply(self, seq: int, account: str, kind: str, subject: str, detail: str, digest: str) -> str:
        """Follow one row of the trail; returns what is wrong with it, "" for nothing.

        Raises ValueError and KeyError for a row that no version wrote.
        """
        if kind in _HEADS:
            self.heads.apply(account, seq, kind, subject, detail)
        if digest and kind not in _DIGESTED_OTHERWISE:
            self.digests.setdefault(kind, {})[account, subject] = (digest, seq)
        applier = self._appliers.get(kind)
        return applier(account, subject, detail, digest) or "" if applier else ""

    def _all_appliers(self) -> dict[str, Callable[[str, str, str, str], str | None]]:
        kinds = AuditKind
        return {
            kinds.INTENT_WRITTEN: self._intent,
            kinds.INTENT_REWRITTEN: self._intent,
            kinds.ORDER_MOVED: self._moved,
            kinds.HOLDING_CHANGED: self._holding,
            kinds.HOLDING_ENDED: self._holding_ended,
            kinds.RUN_BEGAN: self._run_began,
            kinds.RUN_ENDED: self._run_ended,
            kinds.HALT_LATCHED: self._latched,
            kinds.HALT_CHANGED: self._halt_changed,
            kinds.HALT_CLEARED: self._cleared,
            kinds.DIFFERENCE_SEEN: self._difference,
            kinds.BREAK_OPENED: self._difference,
            kinds.BREAK_CHANGED: self._difference,
            kinds.DIFFERENCE_GONE: self._difference_gone,
            kinds.BREAK_CLOSED: self._difference_over,
            kinds.BARE_BEGAN: lambda account, subject, detail, _: self.bare[account, subject].append(parsed(detail)),
            kinds.BARE_ENDED: self._bare_ended,
            kinds.PEAK_MOVED: self._peak,
            kinds.PEAK_REBASED: self._peak,
            kinds.DECIDED: self._decided,
            **{activities.kind: self._booked for activities in ACTIVITIES},
            kinds.EQUITY_RECORDED: self._equity,
        }

    # --- orders, holdings, decisions -------------------------------------------------------

    def _intent(self, account: str, subject: str, detail: str, _: str) -> None:
        columns, key = whole_intent(subject, parsed(detail)), (account, subject)
        self.states[key] = OrderState.PLANNED
        if key in self.orders:  # a replaced intent keeps its number of submissions
            del columns["sends"]
            self.orders[key] |= columns
        else:
            self.orders[key] = columns

    def _moved(self, account: str, subject: str, detail: str, _: str) -> str:
        columns, key = parsed(detail), (account, subject)
        before, after = columns.pop("from"), columns.pop("to")
        was, self.states[key] = self.states.get(key), after
        columns["state"] = after
        self.orders[key].update(columns)
        self.order.moved_orders.add(key)
        if was != before or not _may_move(before, after):
            return f"{subject} cannot have gone from {before} to {after}"
        return ""

    def _holding(self, account: str, subject: str, detail: str, _: str) -> None:
        self.holdings[account, subject] = detail

    def _holding_ended(self, account: str, subject: str, _: str, __: str) -> None:
        self.holdings.pop((account, subject), None)

    def _bare_ended(self, account: str, subject: str, detail: str, _: str) -> None:
        self.bare[account, subject][-1] = parsed(detail)

    def _decided(self, account: str, _: str, detail: str, digest: str) -> None:
        span = parsed(detail)
        self.batches[account].append((span["first"], span["last"], digest))

    # --- runs, halts and breaks ------------------------------------------------------------

    def _run_began(self, account: str, subject: str, detail: str, digest: str) -> None:
        self.changing[RUNS.table].begin(account, int(subject), parsed(detail), digest)

    def _run_ended(self, account: str, subject: str, detail: str, digest: str) -> None:
        self.changing[RUNS.table].change(account, int(subject), parsed(detail), digest)

    def _latched(self, account: str, _: str, detail: str, digest: str) -> None:
        columns = parsed(detail)
        self.changing[HALTS.table].begin(account, columns.get(HALTS.key), columns, digest)
        if not digest:
            self.old_halts.append((account, _halt_in(columns)))

    def _halt_changed(self, account: str, subject: str, detail: str, digest: str) -> None:
        """Columns that an old halt was latched without stay out."""
        columns = parsed(detail)
        self.changing[HALTS.table].change(account, columns.get(HALTS.key), columns, digest)
        for each in tuple(self.old_halts):
            key, halt = each
            if (key, halt["rule"], halt["since"]) == (account, subject, columns["since"]):
                halt.update({name: value for name, value in columns.items() if name in halt})
                if digest:
                    self.old_halts.remove(each)

    def _cleared(self, account: str, subject: str, detail: str, digest: str) -> None:
        columns = parsed(detail)
        self.changing[HALTS.table].change(account, columns.get(HALTS.key), columns, digest)
        cleared = _halt_in(columns)
        self.old_halts = [each for each in self.old_halts if each[0] != account or not matches(each[1], cleared)]

    def _difference(self, account: str, subject: str, detail: str, digest: str) -> None:
        columns, key = parsed(detail), (account, subject)
        if subject == _CASH_BREAK:
            self.cash_breaks.add(account)
        rows, confirmed = self.changing[BREAKS.table], columns.get("confirmed")
        if digest:
            (rows.begin if NEW in columns else rows.change)(account, columns[BREAKS.key], columns, digest)
        elif confirmed and self._pending[key]:  # a second look has shown it too
            self._pending[key] -= "first_seen" in columns
        elif "first_seen" in columns:
            rows.begin(account, None, columns, "")
            self._pending[key] += confirmed == 0

    def _difference_over(self, account: str, subject: str, detail: str, digest: str) -> None:
        if subject == _CASH_BREAK:
            self.cash_breaks.discard(account)
        columns = parsed(detail)
        self.changing[BREAKS.table].change(account, columns.get(BREAKS.key), columns, digest)

    def _difference_gone(self, account: str, subject: str, detail: str, digest: str) -> None:
        self._pending[account, subject] -= 1
        self._difference_over(account, subject, detail, digest)

    # --- equity and cash -------------------------------------------------------------------

    def _peak(self, account: str, _: str, detail: str, __: str) -> None:
        self.peaks[account] = parsed(detail)["to"]

    def _booked(self, account: str, _: str, __: str, ___: str) -> None:
        self.booked[account] += 1

    def _equity(self, account: str, subject: str, detail: str, _: str) -> None:
        self.order.moved_orders = {key for key in self.order.moved_orders if key[0] != account}
        if account not in self.cash_breaks:
            point = EquityCash(self.booked[account], subject, parsed(detail)["cash"])
            self.order.equity_points[account].append(point)


@dataclass(frozen=True, slots=True)
class EquityCash:
    """The cash that an equity point was recorded with."""

    booked: int  # the number of the account's bookings before it
    subject: str  # names the point
    cash: str  # USD, a decimal number


@dataclass(slots=True)
class WriteOrder:
    """What the trail tells of the order in which the tables were written."""

    #: By account, without those that were recorded while a break of cash was open.
    equity_points: dict[str, list[EquityCash]] = field(default_factory=lambda: defaultdict(list))
    moved_orders: set[Key] = field(default_factory=set)  # that moved since their account's newest equity point


class ChangingRows:
    """The rows of a table whose rows change. The number of a row is None where an earlier version did not tell it."""

    def __init__(self, table: ChangingTable) -> None:
        self.table = table
        #: Digest and columns of the newest state of each row, by account and number.
        self.states: dict[RowNumber, tuple[str, Columns]] = {}
        self.old: dict[RowNumber, Columns] = {}  # what is known of the rows without a digest
        self.old_count = 0  # rows without a digest, with a number or not

    def begin(self, account: str, number: int | None, columns: Columns, digest: str) -> None:
        """Follow an audit row about a new row."""
        if digest and number is not None:
            self.states[account, number] = (digest, columns)
            return
        self.old_count += 1
        if number is not None:
            self.old[account, number] = columns

    def change(self, account: str, number: int | None, columns: Columns, digest: str) -> None:
        """Follow an audit row about a row that is there. One of an earlier version is digested from now on."""
        if number is None:
            return
        key = account, number
        if digest:
            self.old_count -= key not in self.states
            self.old.pop(key, None)
            self.states[key] = (digest, columns)
        elif key in self.old:
            self.old[key] |= columns


#: Kinds of audit rows that tell of chain heads outside the ledger, or settle their loss.
_HEADS = frozenset({AuditKind.HEAD_KEPT, AuditKind.HALT_CLEARED, RESTORED})
#: Kinds of audit rows whose digest is not that of a row of an append-only table.
_DIGESTED_OTHERWISE = frozenset(
    {
        AuditKind.DECIDED,
        AuditKind.RUN_BEGAN,
        AuditKind.RUN_ENDED,
        AuditKind.HALT_LATCHED,
        AuditKind.HALT_CHANGED,
        AuditKind.HALT_CLEARED,
        AuditKind.DIFFERENCE_SEEN,
        AuditKind.DIFFERENCE_GONE,
        AuditKind.BREAK_OPENED,
        AuditKind.BREAK_CHANGED,
        AuditKind.BREAK_CLOSED,
    }
)
_decoder = json.JSONDecoder()


def parsed(detail: str) -> dict[str, Any]:
    """The detail of an audit row. Raises ValueError for one that is no JSON object."""
    value, end = _decoder.raw_decode(detail)
    if end != len(detail) or not isinstance(value, dict):
        raise ValueError(detail)
    return value


def matches(latched: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    """Whether a halt has every column that another was latched with."""
    return all(other.get(name) == value for name, value in latched.items())


def _halt_in(columns: Mapping[str, Value]) -> Columns:
    """The columns of the halt in an audit row."""
    return {name: value for name, value in columns.items() if name not in ("source", "cleared_reason", "account_key")}


@cache
def _may_move(before: str, after: str) -> bool:
    return may_move(OrderState(before), OrderState(after))
