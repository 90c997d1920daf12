"""What the account holds and earned: activities, lots, holdings, cash and equity.

What a job reads at its start (cursor, cash, peak, lots, holdings) is kept as it stands now, beside the append-only
rows that explain it, so that a job costs the same after ten years as after one day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.account import Activity, CashEvent, CashKind, Fill, Position
from tradebot.core.holdings import Holding, Lot
from tradebot.core.records import Booking, EquityPoint
from tradebot.core.values import ZERO
from tradebot.ledger.audit import CASH_EVENTS, EQUITY, FILLS, SPLITS, TRADES, Chained, Kind, Trail
from tradebot.ledger.columns import columns_of, stamp, to_column, value_from
from tradebot.ledger.engine import Engine, Row, Value

#: Cash that came from outside or left: it moves the equity peak along, because it is neither gain nor loss.
_FLOWS = (CashKind.DEPOSIT, CashKind.WITHDRAWAL)


class AccountBooks:
    """The Books port of one account."""

    def __init__(self, engine: Engine, trail: Trail) -> None:
        self._engine = engine
        self._trail = trail
        self._account = {"account_key": trail.account_key}

    # --- activities ----------------------------------------------------------------------

    def cursor(self) -> str | None:
        """The id of the newest activity booked."""
        return self._state("activity_cursor")

    def cash(self) -> Decimal | None:
        """The cash that all booked activities add up to, USD; None while nothing is booked."""
        return _decimal(self._state("cash"))

    def book(self, bookings: Sequence[Booking], at: datetime) -> None:
        """Store activities with their effects in one transaction; one already booked changes nothing."""
        with self._engine.transaction():
            for booking in bookings:
                self._book(booking, at)

    def _book(self, booking: Booking, at: datetime) -> None:
        activity = booking.activity
        chained, activity_id = _where(activity)
        columns = {**columns_of(activity), "strategy": booking.strategy, "booked_at": stamp(at)}
        if not self._trail.record(chained, columns, at):
            return
        for trade in booking.trades:
            self._trail.record(TRADES, columns_of(trade), at)
        if booking.symbol is not None:
            self._replace_lots(booking.symbol, booking.lots)
            for ended in self._holdings_of(booking.symbol):
                if booking.holding is None or ended.strategy != booking.holding.strategy:
                    self._end_holding(ended, at)
            if booking.holding is not None:
                self._put_holding(booking.holding, at)
        if isinstance(activity, CashEvent) and activity.kind in _FLOWS:
            peak = self.peak()
            if peak is not None:
                self._move_peak(peak + activity.amount, at)
        cash = (self.cash() or ZERO) + cash_effect(activity)
        self._set_state({"activity_cursor": activity_id, "cash": to_column(cash)})

    # --- lots and holdings ---------------------------------------------------------------

    def lots(self, symbol: str | None = None) -> tuple[Lot, ...]:
        """Open lots, oldest first."""
        of_symbol = "" if symbol is None else " AND symbol = :symbol"
        rows = self._engine.all(
            f"SELECT * FROM lots WHERE account_key = :account_key{of_symbol} ORDER BY opened_at, seq",
            {**self._account, "symbol": symbol},
        )
        return tuple(value_from(Lot, row) for row in rows)

    def holdings(self) -> tuple[Holding, ...]:
        """What each strategy holds, by symbol."""
        rows = self._engine.all(
            "SELECT * FROM holdings WHERE account_key = :account_key ORDER BY symbol, strategy", self._account
        )
        return tuple(value_from(Holding, row) for row in rows)

    def save_holding(self, holding: Holding, at: datetime) -> None:
        """Store a holding's changed stop, target or high water."""
        with self._engine.transaction():
            self._put_holding(holding, at)

    def _replace_lots(self, symbol: str, lots: Sequence[Lot]) -> None:
        self._engine.execute(
            "DELETE FROM lots WHERE account_key = :account_key AND symbol = :symbol",
            {**self._account, "symbol": symbol},
        )
        self._engine.insert_many("lots", [{**self._account, **columns_of(lot)} for lot in lots])

    def _holdings_of(self, symbol: str) -> list[Holding]:
        return [holding for holding in self.holdings() if holding.symbol == symbol]

    def _put_holding(self, holding: Holding, at: datetime) -> None:
        if holding in self._holdings_of(holding.symbol):
            return
        columns = columns_of(holding)
        plan = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in ("strategy", "symbol"))
        self._engine.insert(
            "holdings",
            {**self._account, **columns},
            f"ON CONFLICT (account_key, strategy, symbol) DO UPDATE SET {plan}",
        )
        self._trail.append(Kind.HOLDING_CHANGED, f"{holding.strategy} {holding.symbol}", at, columns)

    def _end_holding(self, holding: Holding, at: datetime) -> None:
        self._engine.execute(
            "DELETE FROM holdings WHERE account_key = :account_key AND strategy = :strategy AND symbol = :symbol",
            {**self._account, "strategy": holding.strategy, "symbol": holding.symbol},
        )
        self._trail.append(Kind.HOLDING_ENDED, f"{holding.strategy} {holding.symbol}", at, {})

    # --- equity --------------------------------------------------------------------------

    def snapshot(self, point: EquityPoint, positions: Sequence[Position]) -> None:
        """Append the account's equity, raise the peak to it, and keep the positions as their session's newest."""
        session = {**self._account, "session": point.session.isoformat()}
        with self._engine.transaction():
            self._trail.record(EQUITY, columns_of(point), point.at)
            peak = self.peak()
            if peak is None or point.equity > peak:
                self._move_peak(point.equity, point.at)
            self._engine.execute(
                "DELETE FROM positions WHERE account_key = :account_key AND session = :session", session
            )
            self._engine.insert_many(
                "positions", [{**session, **columns_of(position), "at": stamp(point.at)} for position in positions]
            )

    def previous_close(self, session: date) -> EquityPoint | None:
        """The last equity point of the newest session before ``session``."""
        return self._point("session < :session ORDER BY session DESC, seq DESC", session)

    def first_of_session(self, session: date) -> EquityPoint | None:
        """The first equity point of a session."""
        return self._point("session = :session ORDER BY seq", session)

    def peak(self) -> Decimal | None:
        """The highest equity recorded since the last rebase, USD, adjusted for deposits and withdrawals."""
        return _decimal(self._state("peak_equity"))

    def rebase_peak(self, equity: Decimal, at: datetime) -> None:
        """Measure drawdown from ``equity`` from now on."""
        with self._engine.transaction():
            self._move_peak(equity, at, Kind.PEAK_REBASED)

    def cash_flow(self, session: date) -> Decimal:
        """Deposits less withdrawals of a session, USD."""
        rows = self._engine.all(
            "SELECT amount FROM cash_events WHERE account_key = :account_key AND session = :session"
            " AND kind IN ('deposit', 'withdrawal')",
            {**self._account, "session": session.isoformat()},
        )
        return sum((Decimal(row["amount"]) for row in rows), ZERO)

    def _move_peak(self, equity: Decimal, at: datetime, kind: Kind = Kind.PEAK_MOVED) -> None:
        before = self._state("peak_equity")
        self._set_state({"peak_equity": to_column(equity)})
        self._trail.append(kind, "equity peak", at, {"from": before, "to": equity})

    def _point(self, condition: str, session: date) -> EquityPoint | None:
        row = self._engine.one(
            f"SELECT * FROM equity WHERE account_key = :account_key AND {condition} LIMIT 1",
            {**self._account, "session": session.isoformat()},
        )
        return value_from(EquityPoint, row) if row else None

    # --- the account as it stands --------------------------------------------------------

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


def cash_effect(activity: Activity) -> Decimal:
    """What an activity does to the account's cash, USD: a buy and its fee lower it, a split leaves it."""
    if isinstance(activity, Fill):
        return -activity.side.sign * activity.quantity * activity.price - activity.fee
    return activity.amount if isinstance(activity, CashEvent) else ZERO


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _where(activity: Activity) -> tuple[Chained, str]:
    if isinstance(activity, Fill):
        return FILLS, activity.fill_id
    if isinstance(activity, CashEvent):
        return CASH_EVENTS, activity.event_id
    return SPLITS, activity.event_id
