"""An account as a session opened it, read out of the audit trail and of what is booked since. It only reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import CashKind
from tradebot.core.model.halts import Halt, HaltSource
from tradebot.core.model.holdings import Holding
from tradebot.core.model.opening import is_id_of_opening
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.model.values import ZERO
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import ACTIVITIES, AuditTrail
from tradebot.ledger.codec import stamp, value_from
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.told_columns import whole_holding

_OF_HOLDINGS = f"kind IN ('{AuditKind.HOLDING_CHANGED}', '{AuditKind.HOLDING_ENDED}')"
#: Rows whose time is the desk's.
_OF_JOBS = f"kind IN ('{AuditKind.HOLDING_CHANGED}', '{AuditKind.HOLDING_ENDED}', '{AuditKind.RUN_ENDED}')"
#: States in which an order rests.
_RESTING = (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True)
class PastHolding:
    """A holding as it was, its age not counted. ``target_rests``: whether an order rested at its target."""

    holding: Holding
    target_rests: bool


class PastAccount:
    """The past of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    def holdings_before(self, session: date, began: datetime, ended: datetime) -> tuple[PastHolding, ...]:
        """What was held before a session, by symbol.

        began, ended: the day of the session, aware. What was booked in it of the sessions before counts.
        """
        last = self._newest_before(began)
        states = self._states_by(last)
        for row in self._booked_late(session, last, ended):
            states[row["subject"]] = row
        resting = self._resting_targets(began)
        found = []
        for row in states.values():
            if row["kind"] == AuditKind.HOLDING_CHANGED:
                holding = value_from(Holding, whole_holding(row["subject"], json.loads(row["detail"])))
                entered = resting.get((holding.strategy, holding.symbol))
                found.append(PastHolding(holding, entered is not None and entered >= holding.opened_session))
        return tuple(sorted(found, key=lambda each: each.holding.symbol))

    def holdings_after(self, ended: datetime) -> tuple[Holding, ...]:
        """What was held at the end of a day, by symbol."""
        states = self._states_by(self._newest_before(ended)).values()
        rows = [row for row in states if row["kind"] == AuditKind.HOLDING_CHANGED]
        found = (value_from(Holding, whole_holding(row["subject"], json.loads(row["detail"]))) for row in rows)
        return tuple(sorted(found, key=lambda holding: holding.symbol))

    def cash_before(self, session: date) -> Decimal | None:
        """The cash by what is booked of the sessions before, with the deposits and withdrawals of the session, USD."""
        row = self._engine.one("SELECT cash FROM accounts WHERE account_key = :account_key", self._account)
        if row is None or row["cash"] is None:
            return None
        cash = Decimal(row["cash"])
        for fill in self._since("side, quantity, price, fee", "fills", session):
            spent = Decimal(fill["quantity"]) * Decimal(fill["price"])
            cash += (spent if fill["side"] == "buy" else -spent) + Decimal(fill["fee"])
        for event in self._since("kind, amount, session", "cash_events", session):
            if event["session"] != session.isoformat() or not CashKind(event["kind"]).is_external:
                cash -= Decimal(event["amount"])
        for adjustment in self._since("adjustment_id, amount", "adjustments", session):
            if not is_id_of_opening(adjustment["adjustment_id"]):
                cash -= Decimal(adjustment["amount"])
        return cash

    def peak_before(self, began: datetime) -> Decimal:
        """The equity peak at a moment, USD; 0 before the first."""
        row = self._engine.one(
            "SELECT detail FROM audit WHERE account_key = :account_key AND at < :began AND kind IN (:moved, :rebased)"
            " ORDER BY seq DESC LIMIT 1",
            {**self._account, "began": stamp(began), "moved": AuditKind.PEAK_MOVED, "rebased": AuditKind.PEAK_REBASED},
        )
        return Decimal(json.loads(row["detail"])["to"]) if row else ZERO

    def halts_at(self, moment: datetime, session: date) -> tuple[Halt, ...]:
        """The halts of the ledger in force at a moment (desk time, aware) of a session, in the order of latching."""
        rows = self._engine.all(
            "SELECT * FROM halts WHERE account_key = :account_key AND latched_at <= :moment"
            " AND (cleared_at IS NULL OR cleared_at > :moment) AND (until IS NULL OR until > :session)"
            " ORDER BY halt_id",
            {**self._account, "moment": stamp(moment), "session": session.isoformat()},
        )
        return tuple(value_from(Halt, row, source=HaltSource.LEDGER, account=self._trail.account) for row in rows)

    def halts_set(self, began: datetime, ended: datetime) -> tuple[Halt, ...]:
        """The halts that were latched between two moments (desk time, aware), in order."""
        rows = self._engine.all(
            "SELECT * FROM halts WHERE account_key = :account_key AND latched_at >= :began AND latched_at < :ended"
            " ORDER BY halt_id",
            {**self._account, "began": stamp(began), "ended": stamp(ended)},
        )
        return tuple(value_from(Halt, row, source=HaltSource.LEDGER, account=self._trail.account) for row in rows)

    def sent_prices(self, session: date) -> dict[str, Decimal]:
        """The price of the symbol when an order left, USD, by client_order_id, of the orders that did."""
        rows = self._engine.all(
            "SELECT client_order_id, sent_price FROM orders WHERE account_key = :account_key AND session = :session"
            " AND sent_price IS NOT NULL",
            {**self._account, "session": session.isoformat()},
        )
        return {row["client_order_id"]: Decimal(row["sent_price"]) for row in rows}

    def levels_of(self, broker_order_id: str) -> tuple[Decimal | None, Decimal | None]:
        """The stop and the limit of an order as the broker showed it, USD a share."""
        row = self._engine.one(
            "SELECT stop_price, limit_price FROM broker_orders WHERE account_key = :account_key"
            " AND broker_order_id = :id",
            {**self._account, "id": broker_order_id},
        )
        if row is None:
            return None, None
        stop, limit = (None if row[name] is None else Decimal(row[name]) for name in ("stop_price", "limit_price"))
        return stop, limit

    def stops_of_others(self, moment: datetime) -> dict[str, Decimal]:
        """The prices, USD, of the stops that rested at a moment and that no job set, by symbol: of the newest each.

        A job set the stop of an entry, and those that it placed later, at the prices of their intents.
        """
        rows = self._engine.all(
            "SELECT stop.broker_order_id, stop.symbol, own.stop_price AS placed, entry.stop_loss AS entered"
            " FROM broker_orders AS stop"
            " LEFT JOIN orders AS own ON own.account_key = stop.account_key"
            " AND own.client_order_id = stop.client_order_id"
            " LEFT JOIN orders AS entry ON entry.account_key = stop.account_key"
            " AND entry.broker_order_id = stop.parent_id"
            " WHERE stop.account_key = :account_key AND stop.stop_price IS NOT NULL AND stop.side = 'sell'"
            " AND stop.first_seen < :moment"
            " AND (stop.state IN ('accepted', 'partially_filled') OR stop.changed_at >= :moment)"
            " ORDER BY stop.first_seen, stop.submitted_at",
            {**self._account, "moment": stamp(moment)},
        )
        seen = self._seen_before([row["broker_order_id"] for row in rows], moment)
        resting = [row for row in rows if seen[row["broker_order_id"]].get("state") in _RESTING]
        newest = {row["symbol"]: row for row in resting}
        prices = {symbol: str(seen[row["broker_order_id"]]["stop_price"]) for symbol, row in newest.items()}
        return {
            symbol: Decimal(prices[symbol])
            for symbol, row in newest.items()
            if prices[symbol] not in (row["placed"], row["entered"])
        }

    def _seen_before(self, ids: Sequence[str], moment: datetime) -> dict[str, dict[str, Value]]:
        """The columns of orders as the broker had shown them before a moment, by its ids."""
        names = {f"id{number}": each for number, each in enumerate(ids)}
        rows = self._engine.all(
            "SELECT subject, detail FROM audit WHERE account_key = :account_key AND kind = :seen AND at < :moment"
            f" AND subject IN ({', '.join(f':{name}' for name in names) or 'NULL'}) ORDER BY seq",
            {**self._account, **names, "seen": AuditKind.ORDER_SEEN, "moment": stamp(moment)},
        )
        found: dict[str, dict[str, Value]] = {each: {} for each in ids}
        for row in rows:
            found[row["subject"]] |= json.loads(row["detail"])
        return found

    # --- how ----------------------------------------------------------------------------------------

    def _newest_before(self, moment: datetime) -> int:
        """The number of the newest row of a job before a moment; 0 for none."""
        row = self._engine.one(
            f"SELECT seq FROM audit WHERE account_key = :account_key AND at < :moment AND {_OF_JOBS}"
            " ORDER BY seq DESC LIMIT 1",
            {**self._account, "moment": stamp(moment)},
        )
        return int(row["seq"]) if row else 0

    def _states_by(self, last: int) -> dict[str, Row]:
        """The newest row of each holding up to a number of the trail."""
        rows = self._engine.all(
            "SELECT audit.kind, audit.subject, audit.detail FROM audit JOIN ("
            f"SELECT MAX(seq) AS newest FROM audit WHERE account_key = :account_key AND seq <= :last AND {_OF_HOLDINGS}"
            " GROUP BY subject) AS states ON audit.seq = states.newest WHERE audit.account_key = :account_key",
            {**self._account, "last": last},
        )
        return {row["subject"]: row for row in rows}

    def _booked_late(self, session: date, last: int, ended: datetime) -> list[Row]:
        """The rows of holdings that activities of earlier sessions made after a row, in the day of a session."""
        rows = self._engine.all(
            "SELECT kind, subject, detail FROM audit WHERE account_key = :account_key AND seq > :last AND at < :ended"
            " ORDER BY seq",
            {**self._account, "last": last, "ended": stamp(ended)},
        )
        activities = {chained.kind: chained for chained in ACTIVITIES}
        late, found = False, []
        for row in rows:
            if chained := activities.get(row["kind"]):
                select = f"SELECT session FROM {chained.table} WHERE account_key = :account_key AND {chained.key} = :id"
                booked = self._engine.one(select, {**self._account, "id": row["subject"]})
                late = booked is not None and booked["session"] < session.isoformat()
            elif row["kind"] in (AuditKind.HOLDING_CHANGED, AuditKind.HOLDING_ENDED):
                found += [row] if late else []
            elif row["kind"] != AuditKind.TRADE_CLOSED:
                late = False
        return found

    def _resting_targets(self, moment: datetime) -> dict[tuple[str, str], date]:
        """The session of the entry whose target rested at a moment, by strategy and symbol."""
        rows = self._engine.all(
            "SELECT entry.strategy, entry.symbol, MAX(entry.session) AS session FROM broker_orders AS leg"
            " JOIN orders AS entry ON entry.account_key = leg.account_key AND entry.broker_order_id = leg.parent_id"
            " WHERE leg.account_key = :account_key AND leg.role = :target AND leg.first_seen < :moment"
            " AND (leg.state IN ('accepted', 'partially_filled') OR leg.changed_at >= :moment)"
            " GROUP BY entry.strategy, entry.symbol",
            {**self._account, "moment": stamp(moment), "target": Purpose.TARGET.value},
        )
        return {(row["strategy"], row["symbol"]): date.fromisoformat(row["session"]) for row in rows}

    def _since(self, columns: str, table: str, session: date) -> list[Row]:
        return self._engine.all(
            f"SELECT {columns} FROM {table} WHERE account_key = :account_key AND session >= :session",
            {**self._account, "session": session.isoformat()},
        )
