"""The books of an account: activities, lots, holdings, cash and equity.

The current state (cursor, cash, equity peak, lots, holdings) is stored beside the append-only rows that explain it, so
that the cost of a job does not grow with the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import (
    EVIDENCE,
    Activity,
    Adjustment,
    Bookable,
    CashEvent,
    CashKind,
    Fill,
    FillBust,
    Position,
    Reorganisation,
    SplitEvent,
    id_of,
)
from tradebot.core.model.holdings import Holding, Lot, LotClosure
from tradebot.core.model.ledger_rows import Booking, EquityPoint, SymbolHistory, SymbolState
from tradebot.core.model.values import ZERO
from tradebot.core.results.audit_events import AuditKind
from tradebot.ledger.audit import (
    ADJUSTMENTS,
    CASH_EVENTS,
    EQUITY,
    FILLS,
    LOT_CLOSURES,
    REORGANISATIONS,
    SPLITS,
    AuditTrail,
    ChainedTable,
)
from tradebot.ledger.closes import at_the_close
from tradebot.ledger.codec import NOT_STORED_OF_POSITIONS, columns_of, stamp, to_column, value_from
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.history import STANDING_FILLS
from tradebot.ledger.numbers import next_number
from tradebot.ledger.symbol_history import read_histories
from tradebot.ledger.told_columns import holding_subject, holding_told

_OF_THE_BROKER = (FILLS, CASH_EVENTS, SPLITS, REORGANISATIONS)


class Books:
    """The books of one account. Cash, prices and equity are in USD, quantities in shares."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    # --- activities ----------------------------------------------------------------------

    def cursor(self) -> str | None:
        """The id of the newest booked activity; None before the first."""
        return self._state("activity_cursor")

    def cash(self) -> Decimal | None:
        """The cash that the booked activities add up to; None before the first."""
        return _decimal(self._state("cash"))

    def book(self, bookings: Sequence[Booking], at: datetime, cursor: str | None = None) -> None:
        """Store activities with their effects in one transaction. An activity that is booked already changes nothing.

        ``cursor``: the newest activity afterwards, where that is not the last of ``bookings``.
        """
        with self._engine.transaction():
            for booking in bookings:
                self._book(booking, at)
            if cursor is not None:
                self._set_state({"activity_cursor": cursor})

    def _book(self, booking: Booking, at: datetime) -> None:
        activity = booking.activity
        if isinstance(activity, FillBust) and booking.busted is None:
            self._skip_bust(activity, at)
            return
        chained, columns = _row_of(booking)
        number = int(self._state("activities") or 0) + 1
        row = {"number": number, **columns, "strategy": booking.strategy, "booked_at": stamp(at)}
        if not self._trail.record(chained, row, at):
            return
        for closure in booking.undone:
            self._trail.record(LOT_CLOSURES, closure_reversal(closure, activity), at)
        for closure in booking.closures:
            self._trail.record(LOT_CLOSURES, columns_of(closure), at)
        if booking.symbol is not None:
            self._replace_state(SymbolState(booking.symbol, booking.lots, booking.holding), at)
        for other in booking.others:
            self._replace_state(other, at)
        if isinstance(activity, CashEvent) and activity.kind.is_external:
            peak = self.peak()
            if peak is not None:
                self._move_peak(peak + activity.amount, at)
        cash = (self.cash() or ZERO) + cash_effect(booking)
        state: dict[str, Value] = {"activities": number, "cash": to_column(cash)}
        if not isinstance(activity, Adjustment) and not id_of(activity).startswith(EVIDENCE):
            state["activity_cursor"] = id_of(activity)  # the broker does not know the others
        self._set_state(state)

    def _replace_state(self, after: SymbolState, at: datetime) -> None:
        """Replace a symbol's open lots and its holding."""
        self._replace_lots(after.symbol, after.lots)
        for ended in self._holdings_of(after.symbol):
            if after.holding is None or ended.strategy != after.holding.strategy:
                self._end_holding(ended, at)
        if after.holding is not None:
            self._put_holding(after.holding, at)

    def _skip_bust(self, bust: FillBust, at: datetime) -> None:
        """Note a bust of a fill that is unknown or busted already: it reverses nothing."""
        if self._has(FILLS, bust.event_id):
            return
        self._trail.append(AuditKind.BUST_UNKNOWN, bust.event_id, at, columns_of(bust))
        self._set_state({"activity_cursor": bust.event_id})

    def has_activity(self, activity_id: str) -> bool:
        """Whether the broker's activity with this id is booked."""
        return any(self._has(table, activity_id) for table in _OF_THE_BROKER)

    def activity_ids(self) -> frozenset[str]:
        """The ids of all of the broker's activities that are booked."""
        selects = (
            f"SELECT {each.key} AS id FROM {each.table} WHERE account_key = :account_key" for each in _OF_THE_BROKER
        )
        return frozenset(str(row["id"]) for select in selects for row in self._engine.all(select, self._account))

    def unbooked(self, activities: Iterable[Activity]) -> tuple[Activity, ...]:
        """Those of ``activities`` that are not booked yet, in their order."""
        return tuple(activity for activity in activities if not self._has(_table_of(activity), id_of(activity)))

    def fill(self, fill_id: str) -> Fill | None:
        """The standing fill with the broker's id; None if it is not booked or busted."""
        row = self._engine.one(f"{STANDING_FILLS} AND fill_id = :fill_id", {**self._account, "fill_id": fill_id})
        return value_from(Fill, row) if row else None

    def fills_of_order(self, client_order_id: str) -> tuple[Fill, ...]:
        """The standing fills of an order, in the order of booking."""
        rows = self._engine.all(
            f"{STANDING_FILLS} AND client_order_id = :id ORDER BY seq", {**self._account, "id": client_order_id}
        )
        return tuple(value_from(Fill, row) for row in rows)

    def histories(self, symbols: Iterable[str]) -> dict[str, SymbolHistory]:
        """The histories of symbols, and of those that a reorganisation connects with them.

        The cost grows with the history; they are read only where a symbol may be booked again.
        """
        return read_histories(self._engine, self._trail.account_key, symbols)

    def _has(self, chained: ChainedTable, identifier: str) -> bool:
        row = self._engine.one(
            f"SELECT 1 AS found FROM {chained.table} WHERE account_key = :account_key AND {chained.key} = :id",
            {**self._account, "id": identifier},
        )
        return row is not None

    # --- assets --------------------------------------------------------------------------

    def asset_ids(self) -> dict[str, str]:
        """The broker's id of the asset behind each held symbol."""
        rows = self._engine.all("SELECT * FROM asset_ids WHERE account_key = :account_key", self._account)
        return {row["symbol"]: row["asset_id"] for row in rows}

    def keep_asset_ids(self, ids: Mapping[str, str], at: datetime) -> None:
        """Replace the stored ids of assets by these, by symbol."""
        with self._engine.transaction():
            self._engine.execute("DELETE FROM asset_ids WHERE account_key = :account_key", self._account)
            rows = [
                {**self._account, "symbol": symbol, "asset_id": asset_id, "seen_at": stamp(at)}
                for symbol, asset_id in sorted(ids.items())
            ]
            self._engine.insert_many("asset_ids", rows)

    # --- lots and holdings ---------------------------------------------------------------

    def lots(self, symbol: str | None = None) -> tuple[Lot, ...]:
        """The open lots of one symbol or of all, oldest first."""
        of_symbol = "" if symbol is None else " AND symbol = :symbol"
        rows = self._engine.all(
            f"SELECT * FROM lots WHERE account_key = :account_key{of_symbol} ORDER BY opened_at, seq",
            {**self._account, "symbol": symbol},
        )
        return tuple(value_from(Lot, row) for row in rows)

    def holdings(self) -> tuple[Holding, ...]:
        """The holdings of every strategy, by symbol."""
        rows = self._engine.all(
            "SELECT * FROM holdings WHERE account_key = :account_key ORDER BY symbol, strategy", self._account
        )
        return tuple(value_from(Holding, row) for row in rows)

    def save_holding(self, holding: Holding, at: datetime) -> None:
        """Store a holding whose stop, target or high water changed."""
        with self._engine.transaction():
            self._put_holding(holding, at)

    def _replace_lots(self, symbol: str, lots: Sequence[Lot]) -> None:
        self._engine.execute(
            "DELETE FROM lots WHERE account_key = :account_key AND symbol = :symbol",
            {**self._account, "symbol": symbol},
        )
        first = next_number(self._engine, "lots", self._trail.account_key)
        rows = ({"seq": seq, **self._account, **columns_of(lot)} for seq, lot in enumerate(lots, start=first))
        self._engine.insert_many("lots", list(rows))

    def _holdings_of(self, symbol: str) -> list[Holding]:
        return [holding for holding in self.holdings() if holding.symbol == symbol]

    def _put_holding(self, holding: Holding, at: datetime) -> None:
        if holding in self._holdings_of(holding.symbol):
            return
        columns = columns_of(holding)
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in ("strategy", "symbol"))
        self._engine.insert(
            "holdings",
            {**self._account, **columns},
            f"ON CONFLICT (account_key, strategy, symbol) DO UPDATE SET {changes}",
        )
        self._trail.append(AuditKind.HOLDING_CHANGED, holding_subject(columns), at, holding_told(columns))

    def _end_holding(self, holding: Holding, at: datetime) -> None:
        self._engine.execute(
            "DELETE FROM holdings WHERE account_key = :account_key AND strategy = :strategy AND symbol = :symbol",
            {**self._account, "strategy": holding.strategy, "symbol": holding.symbol},
        )
        self._trail.append(AuditKind.HOLDING_ENDED, f"{holding.strategy} {holding.symbol}", at, {})

    # --- equity --------------------------------------------------------------------------

    def store_equity(self, point: EquityPoint, positions: Sequence[Position], high: Decimal | None = None) -> None:
        """Append an equity point, raise the peak, and replace the stored positions of its session.

        ``high``: the equity that the peak is raised to, USD; that of the point by default.
        """
        session = {**self._account, "session": point.session.isoformat()}
        with self._engine.transaction():
            self._trail.record(EQUITY, columns_of(point), point.at)
            peak = self.peak()
            high = point.equity if high is None else high
            if peak is None or high > peak:
                self._move_peak(high, point.at)
            self._engine.execute(
                "DELETE FROM positions WHERE account_key = :account_key AND session = :session", session
            )
            self._engine.insert_many(
                "positions",
                [
                    {**session, **columns_of(position, without=NOT_STORED_OF_POSITIONS), "at": stamp(point.at)}
                    for position in positions
                ],
            )

    def previous_close(self, session: date) -> EquityPoint | None:
        """The account at the close of the newest session with an equity point before ``session``; None without one.

        Where the close is not known, it is that session's last point.
        """
        point = self._point("session < :session ORDER BY session DESC, seq DESC", session)
        return None if point is None else at_the_close(self._engine, self._trail.account_key, (point,))[0]

    def first_of_session(self, session: date) -> EquityPoint | None:
        """The first equity point of a session; None when there is none."""
        return self._point("session = :session ORDER BY seq", session)

    def first_point(self) -> EquityPoint | None:
        """The first equity point of the account; None when there is none."""
        return self._point("session >= :session ORDER BY session, seq", date.min)

    def seen_prices(self, session: date) -> dict[str, Decimal]:
        """The market prices of the positions as last seen in a session, USD a share, by symbol."""
        rows = self._engine.all(
            "SELECT symbol, market_price FROM positions WHERE account_key = :account_key AND session = :session",
            {**self._account, "session": session.isoformat()},
        )
        return {row["symbol"]: Decimal(row["market_price"]) for row in rows}

    def peak(self) -> Decimal | None:
        """The highest equity since the last rebase, adjusted for external cash flows; None before the first point."""
        return _decimal(self._state("peak_equity"))

    def rebase_peak(self, equity: Decimal, at: datetime) -> None:
        """Set the peak to ``equity``, from which drawdown is measured afterwards."""
        with self._engine.transaction():
            self._move_peak(equity, at, AuditKind.PEAK_REBASED)

    def cash_flow(self, session: date) -> Decimal:
        """The external cash flow of a session: deposits less withdrawals."""
        rows = self._engine.all(
            "SELECT kind, amount FROM cash_events WHERE account_key = :account_key AND session = :session",
            {**self._account, "session": session.isoformat()},
        )
        return sum((Decimal(row["amount"]) for row in rows if CashKind(row["kind"]).is_external), ZERO)

    def _move_peak(self, equity: Decimal, at: datetime, kind: AuditKind = AuditKind.PEAK_MOVED) -> None:
        before = self._state("peak_equity")
        self._set_state({"peak_equity": to_column(equity)})
        self._trail.append(kind, "equity peak", at, {"from": before, "to": equity})

    def _point(self, condition: str, session: date) -> EquityPoint | None:
        row = self._engine.one(
            f"SELECT * FROM equity WHERE account_key = :account_key AND {condition} LIMIT 1",
            {**self._account, "session": session.isoformat()},
        )
        return value_from(EquityPoint, row) if row else None

    # --- the row of the account ----------------------------------------------------------

    def _state(self, column: str) -> str | None:
        row: Row | None = self._engine.one(
            f"SELECT {column} FROM accounts WHERE account_key = :account_key", self._account
        )
        return row[column] if row else None

    def _set_state(self, columns: Mapping[str, Value]) -> None:
        changes = ", ".join(f"{column} = :{column}" for column in columns)
        self._engine.execute(
            f"UPDATE accounts SET {changes} WHERE account_key = :account_key", {**self._account, **columns}
        )


def cash_effect(booking: Booking) -> Decimal:
    """The change of the account's cash by an activity, USD.

    A buy and its fee lower it; splits and reorganisations move shares only.
    """
    match booking.activity:
        case Fill() as fill:
            return _cash_of(fill)
        case CashEvent() | Adjustment() as event:
            return event.amount
        case FillBust() if booking.busted is not None:
            return -_cash_of(booking.busted)
        case _:
            return ZERO


def _cash_of(fill: Fill) -> Decimal:
    return -fill.side.sign * fill.quantity * fill.price - fill.fee


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _table_of(activity: Bookable) -> ChainedTable:
    match activity:
        case Fill() | FillBust():
            return FILLS
        case CashEvent():
            return CASH_EVENTS
        case SplitEvent():
            return SPLITS
        case Reorganisation():
            return REORGANISATIONS
        case Adjustment():
            return ADJUSTMENTS


def _row_of(booking: Booking) -> tuple[ChainedTable, dict[str, Value]]:
    """The table that an activity is booked in, and its columns there."""
    activity = booking.activity
    if isinstance(activity, FillBust) and booking.busted is not None:
        return FILLS, fill_reversal(booking.busted, activity)
    return _table_of(activity), columns_of(activity)


def fill_reversal(fill: Fill, bust: FillBust) -> dict[str, Value]:
    """The columns that reverse a busted fill: the opposite side, the same shares and price, and the fee negative."""
    reversed_fill = replace(
        fill, fill_id=bust.event_id, side=fill.side.opposite, fee=-fill.fee, at=bust.at, session=bust.session
    )
    return {**columns_of(reversed_fill), "reverses": fill.fill_id}


def closure_reversal(closure: LotClosure, activity: Bookable) -> dict[str, Value]:
    """The columns that reverse a lot closure on the day of what undoes it: profit and fees negative."""
    reversed_trade = replace(
        closure,
        trade_id=f"{closure.trade_id}~{id_of(activity)}",
        fees=-closure.fees,
        pnl=-closure.pnl,
        closed_at=activity.at,
        exit_session=activity.session,
        exit_reason="a fill was busted" if isinstance(activity, FillBust) else "something before it was told late",
        exit_kind=None,
        stop_price=None,
        target_price=None,
        trailed_from=None,
    )
    return {**columns_of(reversed_trade), "reverses": closure.trade_id}
