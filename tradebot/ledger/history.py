"""The history of an account for reports and statistics. It only reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from tradebot.core.accounting.performance import Totals, totals
from tradebot.core.accounting.round_trips import ShareChange, open_round_trips, share_changes
from tradebot.core.model.account import Adjustment, CashEvent, Fill, Reorganisation, SplitEvent
from tradebot.core.model.holdings import Lot, LotClosure, OpenTrade, Trade
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.results.audit_events import EMERGENCY_STOP, AuditEvent, AuditKind
from tradebot.core.results.stop_entry import StopEntry
from tradebot.ledger.closes import at_the_close
from tradebot.ledger.codec import stamp, value_from
from tradebot.ledger.engine import Engine
from tradebot.ledger.round_trip_rows import (
    NewestTrades,
    PeriodTrades,
    Watch,
    as_trades,
    over,
    period_trades,
    results_of,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

#: The standing fills: neither busted nor the reversal of a busted one.
STANDING_FILLS = (
    "SELECT * FROM fills AS fill WHERE reverses IS NULL AND account_key = :account_key AND fill_id NOT IN"
    " (SELECT reverses FROM fills WHERE account_key = :account_key AND reverses IS NOT NULL)"
)
#: The standing lot closures, likewise.
STANDING_CLOSURES = (
    "SELECT * FROM trades AS trade WHERE reverses IS NULL AND account_key = :account_key AND trade_id NOT IN"
    " (SELECT reverses FROM trades WHERE account_key = :account_key AND reverses IS NOT NULL)"
)
_OF_ACCOUNT = "SELECT * FROM {} WHERE account_key = :account_key"
_BOOKED: tuple[tuple[type[Fill | CashEvent | SplitEvent | Reorganisation | Adjustment], str], ...] = (
    (Fill, STANDING_FILLS),
    (CashEvent, _OF_ACCOUNT.format("cash_events")),
    (SplitEvent, _OF_ACCOUNT.format("corporate_actions")),
    (Reorganisation, _OF_ACCOUNT.format("reorganisations")),
    (Adjustment, _OF_ACCOUNT.format("adjustments")),
)
_CLOSING = (
    "seq = (SELECT MAX(seq) FROM equity AS later"
    " WHERE later.account_key = point.account_key AND later.session = point.session)"
)


class LedgerHistory:
    """The history of one account. ``first`` and ``last`` are sessions, both included; None leaves a side open."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account_key = account_key

    def trades(self, first: date | None = None, last: date | None = None) -> tuple[Trade, ...]:
        """The round trips that ended between two sessions, by their end."""
        newest, changes = NewestTrades(None), self._changes()
        for group in over(self._engine, self._account_key, changes, first, last):
            newest.add(group)
        return as_trades(self._engine, self._account_key, changes, newest.groups())

    def period_trades(
        self, first: date | None, last: date | None, newest: int | None, extremes: int, watch: Watch = iter
    ) -> PeriodTrades:
        """The figures of the round trips that ended between two sessions, read once.

        newest, extremes: how many of the newest (None: all), the best and the worst are listed.
        watch: lets every standing lot closure of the account pass by.
        """
        bounds, listed = (first, last), (newest, extremes)
        return period_trades(self._engine, self._account_key, self._changes(), bounds, listed, watch)

    def open_trades(self) -> tuple[OpenTrade, ...]:
        """The round trips that are open, by their beginning."""
        return open_round_trips(self.closures(), self._lots(), self._share_changes())

    def totals(self) -> Totals:
        """The totals of every round trip that is over."""
        return totals(results_of(over(self._engine, self._account_key, self._changes(), None, None)))

    def newest_numbers(self) -> tuple[int, int]:
        """The numbers of the newest fill and of the newest lot closure: what is booked differs if one does."""
        row = self._engine.one(
            "SELECT (SELECT MAX(seq) FROM fills WHERE account_key = :account_key) AS fill,"
            " (SELECT MAX(seq) FROM trades WHERE account_key = :account_key) AS closure",
            {"account_key": self._account_key},
        )
        return (row["fill"] or 0, row["closure"] or 0) if row else (0, 0)

    def closures(self, first: date | None = None, last: date | None = None) -> tuple[LotClosure, ...]:
        """The standing lot closures by the session that closed them, in the order of booking."""
        return self._between(LotClosure, STANDING_CLOSURES, "exit_session", first, last)

    def newest_fills(self, first: date | None, last: date | None, most: int | None) -> tuple[Fill, ...]:
        """The newest standing fills of some sessions, at most so many, in the broker's order; None: all of them."""
        if most is None:
            return self.fills(first, last)
        rows = self._engine.all(
            f"{STANDING_FILLS} AND session >= :first AND session <= :last"
            f" ORDER BY session DESC, seq DESC LIMIT {most:d}",  # by the index of sessions, which ends the search
            {
                "account_key": self._account_key,
                "first": (first or date.min).isoformat(),
                "last": (last or date.max).isoformat(),
            },
        )
        return tuple(value_from(Fill, row) for row in sorted(rows, key=lambda row: int(row["seq"])))

    def fills(self, first: date | None = None, last: date | None = None) -> tuple[Fill, ...]:
        """The standing fills, in the broker's order."""
        return self._between(Fill, STANDING_FILLS, "session", first, last)

    def cash_events(self, first: date | None = None, last: date | None = None) -> tuple[CashEvent, ...]:
        """Cash movements without a trade, in the broker's order."""
        return self._between(CashEvent, _OF_ACCOUNT.format("cash_events"), "session", first, last)

    def cash_moved(self, after: datetime, until: datetime) -> tuple[CashEvent, ...]:
        """Cash movements without a trade after an instant and up to another (aware), in the broker's order."""
        rows = self._engine.all(
            f"{_OF_ACCOUNT.format('cash_events')} AND at > :after AND at <= :until ORDER BY seq",
            {"account_key": self._account_key, "after": stamp(after), "until": stamp(until)},
        )
        return tuple(value_from(CashEvent, row) for row in rows)

    def splits(self, first: date | None = None, last: date | None = None) -> tuple[SplitEvent, ...]:
        """The splits that the broker applied, in its order."""
        return self._between(SplitEvent, _OF_ACCOUNT.format("corporate_actions"), "session", first, last)

    def reorganisations(self, first: date | None = None, last: date | None = None) -> tuple[Reorganisation, ...]:
        """The holdings that took another name, became others or ended for cash, in the order of booking."""
        return self._between(Reorganisation, _OF_ACCOUNT.format("reorganisations"), "session", first, last)

    def adjustments(self, first: date | None = None, last: date | None = None) -> tuple[Adjustment, ...]:
        """The corrections of the ledger, in the order of booking."""
        return self._between(Adjustment, _OF_ACCOUNT.format("adjustments"), "session", first, last)

    def booked(self) -> tuple[Fill | CashEvent | SplitEvent | Reorganisation | Adjustment, ...]:
        """Everything that changed what the account holds, in the order of booking; of the fills those that stand."""
        numbered = [
            (int(row["number"]), value_from(kind, row))
            for kind, select in _BOOKED
            for row in self._engine.all(select, {"account_key": self._account_key})
        ]
        return tuple(activity for _, activity in sorted(numbered, key=lambda pair: pair[0]))

    def closing_equity(self, first: date | None = None, last: date | None = None) -> tuple[EquityPoint, ...]:
        """The account at the close of each session, ascending; where that is not known, its last equity point."""
        points = self._between(
            EquityPoint, f"{_OF_ACCOUNT.format('equity AS point')} AND {_CLOSING}", "session", first, last
        )
        return at_the_close(self._engine, self._account_key, points)

    def audit_events(self, since: datetime, until: datetime) -> tuple[AuditEvent, ...]:
        """The audit rows from ``since`` to ``until`` (desk time, aware, both included), in order."""
        rows = self._engine.all(
            "SELECT at, kind, subject, detail FROM audit WHERE account_key = :account_key AND at >= :since"
            " AND at <= :until ORDER BY seq",
            {"account_key": self._account_key, "since": stamp(since), "until": stamp(until)},
        )
        return tuple(_event(row) for row in rows)

    def emergency_stop_actions(self, until: datetime) -> tuple[StopEntry, ...]:
        """What emergency stops did before an instant (desk time, aware), in order."""
        rows = self._engine.all(
            "SELECT at, kind, subject, detail FROM audit WHERE account_key = :account_key AND kind = :kind"
            " AND at < :until ORDER BY seq",
            {"account_key": self._account_key, "kind": EMERGENCY_STOP, "until": stamp(until)},
        )
        return tuple(_stop_entry(_event(row)) for row in rows)

    def newest_at(self) -> datetime | None:
        """The time at which the newest run ended, or began if it has not ended (desk time, aware); None before any.

        Rows of the audit trail may have the machine's time, as those of alerts do.
        """
        row = self._engine.one(
            "SELECT COALESCE(ended_at, started_at) AS at FROM runs WHERE account_key = :account_key"
            " ORDER BY run_id DESC LIMIT 1",
            {"account_key": self._account_key},
        )
        return datetime.fromisoformat(row["at"]) if row else None

    def halts_and_breaks_before(self, at: datetime) -> tuple[AuditEvent, ...]:
        """The audit rows about halts and breaks before an instant (desk time, aware), in order."""
        rows = self._engine.all(
            "SELECT at, kind, subject, detail FROM audit WHERE account_key = :account_key AND at < :at"
            " AND kind IN (:latched, :cleared, :opened, :closed) ORDER BY seq",
            {
                "account_key": self._account_key,
                "at": stamp(at),
                "latched": AuditKind.HALT_LATCHED.value,
                "cleared": AuditKind.HALT_CLEARED.value,
                "opened": AuditKind.BREAK_OPENED.value,
                "closed": AuditKind.BREAK_CLOSED.value,
            },
        )
        return tuple(_event(row) for row in rows)

    def newest_equity(self) -> EquityPoint | None:
        """The newest equity point; None when there is none."""
        row = self._engine.one(
            "SELECT * FROM equity WHERE account_key = :account_key ORDER BY seq DESC LIMIT 1",
            {"account_key": self._account_key},
        )
        return value_from(EquityPoint, row) if row else None

    def equity_at(self, at: datetime) -> EquityPoint | None:
        """The newest equity point until an instant (desk time, aware), included; None when there is none."""
        row = self._engine.one(
            "SELECT * FROM equity WHERE account_key = :account_key AND at <= :at ORDER BY seq DESC LIMIT 1",
            {"account_key": self._account_key, "at": stamp(at)},
        )
        return value_from(EquityPoint, row) if row else None

    def _changes(self) -> tuple[ShareChange, ...]:
        return share_changes(self._share_changes())

    def _share_changes(self) -> tuple[SplitEvent | Reorganisation, ...]:
        return (*self.splits(), *self.reorganisations())

    def _lots(self) -> tuple[Lot, ...]:
        rows = self._engine.all("SELECT * FROM lots WHERE account_key = :key", {"key": self._account_key})
        return tuple(value_from(Lot, row) for row in rows)

    def _between(
        self, kind: type[T], select: str, session: str, first: date | None, last: date | None
    ) -> tuple[T, ...]:
        rows = self._engine.all(
            f"{select} AND {session} >= :first AND {session} <= :last ORDER BY seq",
            {
                "account_key": self._account_key,
                "first": (first or date.min).isoformat(),
                "last": (last or date.max).isoformat(),
            },
        )
        return tuple(value_from(kind, row) for row in rows)


def _event(row: Mapping[str, Any]) -> AuditEvent:
    return value_from(AuditEvent, row, detail=json.loads(row["detail"]))


def _stop_entry(event: AuditEvent) -> StopEntry:
    quantity = event.text("quantity")
    return StopEntry(
        event.at,
        event.text("did"),
        event.subject,
        event.text("order"),
        Decimal(quantity) if quantity else None,
        event.text("detail"),
    )
