"""The intents, stored before they are sent, and the broker's view of its orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.orders import BrokerOrder, Intent, OrderRequest, OrderState, may_move
from tradebot.core.model.repetition import EntryKey
from tradebot.core.results.audit_events import AuditKind
from tradebot.errors import LedgerError
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.codec import canonical_json, columns_of, stamp, to_column, value_from
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.epochs import Epochs
from tradebot.ledger.numbers import insert_numbered
from tradebot.ledger.told_columns import intent_told

_INTENTS = "SELECT * FROM orders WHERE account_key = :account_key"
#: Fields of the broker's view of an order that are not stored: they decide nothing later.
NOT_STORED = ("legs", "parent_client_order_id", "notional", "expires_at", "rests")


class Orders:
    """The intents of one account, and the orders that its broker shows.

    Intents are written and moved by the process that took the account last; any other is refused with Locked.
    """

    def __init__(self, engine: Engine, trail: AuditTrail, epochs: Epochs) -> None:
        self._engine = engine
        self._trail = trail
        self._epochs = epochs
        self._account = {"account_key": trail.account_key}

    def write(self, intents: Sequence[Intent], at: datetime) -> None:
        """Store intents as PLANNED. An intent that is still PLANNED, hence was never sent, is replaced.

        Raises LedgerError for any other stored id: a decision is made once. Raises ValueError for an intent of another
        account or state.
        """
        with self._engine.transaction():
            self._epochs.confirm_to_write()
            for intent in intents:
                self._write(intent, at)

    def _write(self, intent: Intent, at: datetime) -> None:
        if intent.account_key != self._trail.account or intent.state is not OrderState.PLANNED:
            raise ValueError(f"only a planned intent of {self._trail.account} can be written down: {intent}")
        columns = columns_of(intent.request) | columns_of(intent, without=("request",))
        row = {**columns, **self._account, "written_at": stamp(at), "moved_at": stamp(at)}
        decided = (intent.session, intent.strategy, intent.request.symbol, intent.purpose)
        if any(
            each.attempt == intent.attempt and each.client_order_id != intent.client_order_id
            for each in self.attempts(*decided)
        ):
            raise _decided(intent)
        if insert_numbered(self._engine, "orders", row, "ON CONFLICT DO NOTHING RETURNING seq"):
            self._trail.append(AuditKind.INTENT_WRITTEN, intent.client_order_id, at, intent_told(columns))
        elif self._engine.execute(
            f"UPDATE orders SET {_assignments(row.keys() - {'sends'})}"
            " WHERE account_key = :account_key AND client_order_id = :client_order_id AND state = 'planned'",
            row,
        ):
            self._trail.append(AuditKind.INTENT_REWRITTEN, intent.client_order_id, at, intent_told(columns))
        else:
            raise _decided(intent)

    def move(
        self,
        client_order_id: str,
        state: OrderState,
        at: datetime,
        *,
        broker_order_id: str | None = None,
        filled_quantity: Decimal | None = None,
        average_fill_price: Decimal | None = None,
        note: str = "",
        quote: Quote | None = None,
    ) -> None:
        """Move an intent to a state, with an audit row. Arguments that are not given leave their columns unchanged.

        ``quote``: the price of its symbol when it is sent. A move that changes nothing writes nothing. Raises
        LedgerError for an unknown intent and for a move that ``may_move`` refuses.
        """
        given: dict[str, Value] = {
            "state": state.value,
            "broker_order_id": broker_order_id,
            "filled_quantity": to_column(filled_quantity),
            "average_fill_price": to_column(average_fill_price),
            "note": note or None,
        }
        with self._engine.transaction():
            self._epochs.confirm_to_write()
            before = self._row(client_order_id)
            if before is None:
                raise LedgerError(f"There is no intent {client_order_id} in the ledger, so it cannot become {state}.")
            if not may_move(OrderState(before["state"]), state):
                raise LedgerError(f"{client_order_id} is {before['state']} and cannot become {state}.")
            if state is OrderState.SUBMITTING and before["state"] != state:
                given["sends"] = before["sends"] + 1
                given["sent_at"] = stamp(at)
                given["sent_price"] = to_column(quote.last) if quote else None
                given["sent_price_at"] = stamp(quote.at) if quote else None
            changed = {name: value for name, value in given.items() if value is not None and value != before[name]}
            if not changed:
                return
            self._engine.execute(
                f"UPDATE orders SET {_assignments(changed)}, moved_at = :at"
                " WHERE account_key = :account_key AND seq = :seq",
                {**self._account, **changed, "at": stamp(at), "seq": before["seq"]},
            )
            others = {name: value for name, value in changed.items() if name != "state"}
            detail = {"from": before["state"], "to": state, **others}
            self._trail.append(AuditKind.ORDER_MOVED, client_order_id, at, detail)

    def get(self, client_order_id: str) -> Intent | None:
        """The intent with this id; None if it is not ours."""
        row = self._row(client_order_id)
        return self._intent(row) if row else None

    def moved_at(self, client_order_id: str) -> datetime:
        """When an intent last changed (desk time, aware). Raises LedgerError for an unknown one."""
        row = self._row(client_order_id)
        if row is None:
            raise LedgerError(f"There is no intent {client_order_id} in the ledger.")
        return datetime.fromisoformat(row["moved_at"])

    def unsettled(self) -> tuple[Intent, ...]:
        """The intents whose state is not final: planned, submitting, unknown, accepted, partially filled."""
        # exactly the condition of the index orders_unsettled, so that the cost does not grow with the history
        return self._intents("state IN ('planned', 'submitting', 'unknown', 'accepted', 'partially_filled')", {})

    def given_up(self, since: date) -> tuple[Intent, ...]:
        """The intents from session ``since`` on that were sent and abandoned: their orders may arrive after all."""
        return self._intents("session >= :since AND state = 'abandoned' AND sends > 0", {"since": since.isoformat()})

    def open_entries(self, sent_by: datetime | None = None) -> tuple[Intent, ...]:
        """The entries that may still fill and were last sent by an instant (desk time, aware), of any session.

        None: all of them, whatever the clock said when they were sent.
        """
        return self._intents(
            "state IN ('planned', 'submitting', 'unknown', 'accepted', 'partially_filled')"
            " AND (state <> 'planned' OR sends > 0)"  # one that was given up for lost may have arrived since
            " AND purpose = 'entry' AND COALESCE(sent_at, written_at) <= :sent_by",
            {"sent_by": stamp(datetime.max.replace(tzinfo=UTC) if sent_by is None else sent_by)},
        )

    def of_session(self, session: date) -> tuple[Intent, ...]:
        """The intents of a session, in the order of storing."""
        return self._intents("session = :session", {"session": session.isoformat()})

    def newest_entries(self) -> tuple[Intent, ...]:
        """The entries of the newest session that has any. What one of them bought may not be booked yet."""
        newest = "SELECT MAX(session) FROM orders WHERE account_key = :account_key AND purpose = 'entry'"
        return self._intents(f"purpose = 'entry' AND session = ({newest})", {})

    def attempts(self, session: date, strategy: str, symbol: str, purpose: str) -> tuple[Intent, ...]:
        """The intents of one decision, by attempt."""
        return self._intents(
            "session = :session AND strategy = :strategy AND symbol = :symbol AND purpose = :purpose",
            {"session": session.isoformat(), "strategy": strategy, "symbol": symbol, "purpose": str(purpose)},
        )

    def entries_sent(self, session: date) -> int:
        """The number of entries of a session that were or may have been sent, without those that the broker refused."""
        row = self._engine.one(
            "SELECT COUNT(*) AS entries FROM orders WHERE account_key = :account_key AND session = :session"
            " AND purpose = 'entry' AND state NOT IN ('planned', 'abandoned', 'rejected')",
            {**self._account, "session": session.isoformat()},
        )
        return int(row["entries"]) if row else 0

    def submissions(self, session: date, since: datetime | None = None) -> int:
        """The number of submissions of a session's orders; a resubmitted order counts twice.

        since: count orders whose last submission is at or after it (desk time, aware), with all their submissions.
        """
        row = self._engine.one(
            "SELECT COALESCE(SUM(CASE WHEN sends = 0 AND state NOT IN ('planned', 'abandoned') THEN 1 ELSE sends END),"
            " 0) AS sent FROM orders"
            " WHERE account_key = :account_key AND session = :session AND COALESCE(sent_at, written_at) >= :since",
            {**self._account, "session": session.isoformat(), "since": stamp(since) if since else ""},
        )
        return int(row["sent"]) if row else 0

    def filled_entry_sessions(self, entry: EntryKey, since: datetime | None, most: int) -> tuple[date, ...]:
        """The sessions of the entries of one key that filled at least in part, newest first, at most ``most``.

        since: leave out entries that were sent before it (desk time, aware).
        """
        rows = self._engine.all(
            "SELECT session FROM orders WHERE account_key = :account_key AND strategy = :strategy"
            " AND symbol = :symbol AND side = :side AND purpose = 'entry' AND filled_quantity <> '0'"
            " AND COALESCE(sent_at, written_at) >= :since ORDER BY session DESC LIMIT :most",
            {**self._account, **columns_of(entry), "since": stamp(since) if since else "", "most": most},
        )
        return tuple(date.fromisoformat(row["session"]) for row in rows)

    def store_broker_orders(self, orders: Sequence[BrokerOrder], at: datetime) -> None:
        """Store the broker's view of its orders, legs and foreign orders included. Unchanged orders write nothing."""
        with self._engine.transaction():
            for order in _flat(orders):
                self._store_broker_order(order, at)

    def _store_broker_order(self, order: BrokerOrder, at: datetime) -> None:
        columns = columns_of(order, without=NOT_STORED)
        known = self._engine.one(
            "SELECT * FROM broker_orders WHERE account_key = :account_key AND broker_order_id = :broker_order_id",
            {**self._account, "broker_order_id": order.broker_order_id},
        )
        changed = {name: value for name, value in columns.items() if known is None or known[name] != value}
        if not changed:
            return
        if known is None:
            self._engine.insert(
                "broker_orders", {**self._account, **columns, "first_seen": stamp(at), "changed_at": stamp(at)}
            )
        else:
            self._engine.execute(
                f"UPDATE broker_orders SET {_assignments(changed)}, changed_at = :at"
                " WHERE account_key = :account_key AND broker_order_id = :id",
                {**self._account, **changed, "at": stamp(at), "id": order.broker_order_id},
            )
        self._trail.append(AuditKind.ORDER_SEEN, order.broker_order_id, at, changed)

    def stops_at(self, moment: datetime) -> tuple[tuple[BrokerOrder, datetime], ...]:
        """Our stop orders that were live at a moment (desk time, aware), each with when it was seen to change last.

        They are as the broker showed them last, so one that ended unseen is among them. A leg that waits for its entry
        to fill is not.
        """
        rows = self._engine.all(
            "SELECT stop.*, entry.client_order_id AS parent FROM broker_orders AS stop LEFT JOIN orders AS entry"
            " ON entry.account_key = stop.account_key AND entry.broker_order_id = stop.parent_id"
            " LEFT JOIN orders AS own ON own.account_key = stop.account_key"
            " AND own.client_order_id = stop.client_order_id AND own.purpose = 'stop'"
            " WHERE stop.account_key = :account_key AND stop.stop_price IS NOT NULL AND stop.first_seen < :moment"
            " AND (stop.state IN ('accepted', 'partially_filled') OR stop.changed_at >= :moment)"
            " AND (own.seq IS NOT NULL OR"
            " (stop.role = 'stop' AND (entry.state = 'filled' OR (entry.seq IS NOT NULL AND stop.held = 0))))"
            " ORDER BY stop.submitted_at",
            {**self._account, "moment": stamp(moment)},
        )
        return tuple((_broker_order(row), datetime.fromisoformat(row["changed_at"])) for row in rows)

    def keep_look(self, open_orders: Iterable[BrokerOrder], at: datetime) -> None:
        """Keep which orders were open at the broker in the newest look. ``store_broker_orders`` stores the rest."""
        ids = canonical_json([order.broker_order_id for order in open_orders])
        self._engine.insert(
            "last_looks",
            {**self._account, "at": stamp(at), "open_orders": ids},
            "ON CONFLICT (account_key) DO UPDATE SET at = excluded.at, open_orders = excluded.open_orders",
        )

    def owner_of(self, client_order_id: str, parent_client_order_id: str | None) -> str | None:
        """The strategy of an order or of its bracket; None for a foreign order.

        A leg is found by its parent: the given one, or the parent that an earlier view of the broker's named.
        """
        row = self._engine.one(
            "SELECT strategy FROM orders WHERE account_key = :account_key AND client_order_id IN (:id, :parent)"
            " UNION ALL "
            "SELECT entry.strategy FROM broker_orders AS leg JOIN orders AS entry"
            " ON entry.account_key = leg.account_key AND entry.broker_order_id = leg.parent_id"
            " WHERE leg.account_key = :account_key AND leg.client_order_id = :id LIMIT 1",
            {**self._account, "id": client_order_id, "parent": parent_client_order_id},
        )
        return row["strategy"] if row else None

    def _row(self, client_order_id: str) -> Row | None:
        return self._engine.one(
            f"{_INTENTS} AND client_order_id = :client_order_id",
            {**self._account, "client_order_id": client_order_id},
        )

    def _intents(self, condition: str, values: dict[str, Value]) -> tuple[Intent, ...]:
        rows = self._engine.all(f"{_INTENTS} AND {condition} ORDER BY seq", {**self._account, **values})
        return tuple(self._intent(row) for row in rows)

    def _intent(self, row: Row) -> Intent:
        return value_from(Intent, row, request=value_from(OrderRequest, row), account_key=self._trail.account)


def _decided(intent: Intent) -> LedgerError:
    return LedgerError(f"{intent.client_order_id} is already written down: a decision is made once.")


def _broker_order(row: Row) -> BrokerOrder:
    given = {"notional": None, "expires_at": None, "rests": True}
    return value_from(BrokerOrder, row, legs=(), parent_client_order_id=row["parent"], **given)


def _flat(orders: Iterable[BrokerOrder]) -> Iterator[BrokerOrder]:
    for order in orders:
        yield order
        yield from _flat(order.legs)


def _assignments(columns: Iterable[str]) -> str:
    return ", ".join(f"{column} = :{column}" for column in sorted(columns))
