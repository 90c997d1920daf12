"""Comparison of the tables with each other: bookings with orders, trades, lots, holdings and cash.

The rows of every activity are booked again, in order, by the same code as at first. The result must equal the stored
trades, lots, holdings and cash. A row that was changed together with its row of the audit trail is found this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import merge
from itertools import groupby

from tradebot.core.accounting.fill_busts import rebook_without
from tradebot.core.accounting.rebooking import Rebooked, book_again, comes_last, rebook, symbols_of, with_activity
from tradebot.core.accounting.reorganisations import book_reorganisation, join_arrived
from tradebot.core.model.account import CASH, Adjustment, CashEvent, Fill, FillBust, Reorganisation, SplitEvent, id_of
from tradebot.core.model.holdings import FOREIGN, Holding, Lot, Trade, shares_of
from tradebot.core.model.ledger_rows import BookedActivity, Booking, SymbolHistory
from tradebot.core.model.orders import TERMINAL, Side
from tradebot.core.model.values import ZERO, canonical
from tradebot.ledger.audit import ACTIVITIES, CASH_EVENTS, FILLS, REORGANISATIONS, SPLITS, ChainedTable
from tradebot.ledger.books import cash_effect, fill_reversal, trade_reversal
from tradebot.ledger.codec import columns_of, value_from
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.findings import Finding

Numbered = tuple[ChainedTable, Row]
#: The symbols with a busted fill, and those with an event that takes effect at an instant.
_BOOKED_AGAIN = (
    "SELECT DISTINCT symbol FROM fills WHERE reverses IS NOT NULL AND",
    "SELECT DISTINCT symbol FROM corporate_actions WHERE effective_at IS NOT NULL AND",
    "SELECT DISTINCT symbol FROM reorganisations WHERE",
    "SELECT DISTINCT new_symbol AS symbol FROM reorganisations WHERE new_symbol IS NOT NULL AND",
)


def check_tables(engine: Engine, moved_orders: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """The contradictions between the tables.

    ``moved_orders``: orders, by account and client_order_id, that moved since the ledger last booked their fills.
    """
    rows = merge(*(_rows_of(engine, table) for table in ACTIVITIES), key=lambda each: _account_and_number(each[1]))
    moved = frozenset(moved_orders)
    states = {row["account_key"]: row for row in engine.all("SELECT * FROM accounts ORDER BY account_key")}
    for key, booked in groupby(rows, key=lambda each: str(each[1]["account_key"])):
        yield from _Account(engine, key).check(booked, states.pop(key), moved)
    for key, state in states.items():
        yield from _Account(engine, key).check((), state, moved)


def _rows_of(engine: Engine, chained: ChainedTable) -> Iterator[Numbered]:
    for row in engine.each(f"SELECT * FROM {chained.table} ORDER BY account_key, number"):
        yield chained, row


def _account_and_number(row: Row) -> tuple[str, int]:
    return row["account_key"], row["number"]


@dataclass(slots=True)
class _Order:
    """The standing fills of one order."""

    symbol: str
    side: Side
    filled: Decimal = ZERO  # shares


@dataclass(slots=True)
class _Account:
    """One account while its rows are booked again."""

    engine: Engine
    key: str
    booked: int = 0  # the number of the newest booked row
    cash: Decimal | None = None
    lots: dict[str, tuple[Lot, ...]] = field(default_factory=dict)
    histories: dict[str, SymbolHistory] = field(default_factory=dict)  # of the symbols that may be booked again
    orders: dict[str, _Order] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # the symbol that took a symbol's place

    def check(
        self, booked: Iterable[Numbered], state: Row, moved_orders: frozenset[tuple[str, str]]
    ) -> Iterator[Finding]:
        """Book the rows of ``booked``, and compare the result with the other tables; ``state`` is the account's row."""
        self.histories = {row["symbol"]: SymbolHistory() for select in _BOOKED_AGAIN for row in self._rows(select)}
        yield from self._rebook(booked)
        yield from self._state(state)
        yield from self._lots()
        yield from self._holdings()
        yield from self._orders(moved_orders)

    # --- booking again ---------------------------------------------------------------------

    def _rebook(self, booked: Iterable[Numbered]) -> Iterator[Finding]:
        """Book every row, and compare the round trips that it closes with the rows of trades, one by one."""
        stored = self.engine.each("SELECT * FROM trades WHERE account_key = :key ORDER BY seq", {"key": self.key})
        agree = True
        for chained, row in booked:
            name = str(row[chained.key])
            if row["number"] != self.booked + 1:
                yield Finding(chained.table, name, f"has number {row['number']}, and {self.booked + 1} is missing")
            self.booked = row["number"]
            try:
                booking = self._book(chained, row)
            except (ArithmeticError, ValueError, KeyError):  # values that the ledger never wrote
                yield Finding(chained.table, name, "cannot be booked")
                return
            if booking is None:
                yield Finding(chained.table, name, f"does not take back {row['reverses']} as it stands")
                continue
            self.cash = (self.cash or ZERO) + cash_effect(booking)
            for expected in _trade_rows(booking):
                actual = next(stored, None) if agree else expected
                if agree and (actual is None or _differs(expected, actual)):
                    agree = False
                    yield _trade_finding(expected, actual)
        left = next(stored, None) if agree else None
        if left is not None:
            yield Finding("trades", left["trade_id"], "is a round trip that no fill ended")

    def _book(self, chained: ChainedTable, row: Row) -> Booking | None:
        """The effects of a row; None for a bust that does not match the fill that it reverses."""
        strategy = row["strategy"]
        if chained == CASH_EVENTS:
            return Booking(value_from(CashEvent, row), strategy, None)
        if chained == SPLITS:
            return self._book_activity(BookedActivity(value_from(SplitEvent, row), strategy))
        if chained == REORGANISATIONS:
            return self._book_activity(BookedActivity(value_from(Reorganisation, row), strategy))
        if chained == FILLS:
            return self._book_bust(row) if row["reverses"] is not None else self._book_fill(row)
        adjustment = value_from(Adjustment, row)
        if adjustment.symbol == CASH:
            return Booking(adjustment, strategy, None)
        return self._book_activity(BookedActivity(adjustment, strategy))

    def _book_fill(self, row: Row) -> Booking:
        fill = value_from(Fill, row)
        order = self.orders.setdefault(fill.client_order_id, _Order(fill.symbol, fill.side))
        order.filled += fill.quantity
        return self._book_activity(BookedActivity(fill, row["strategy"]))

    def _book_activity(self, booked: BookedActivity) -> Booking:
        activity, symbol = booked.activity, booked.activity.symbol
        if isinstance(activity, Reorganisation) and activity.new_symbol is not None:
            self.names[symbol] = activity.new_symbol
        is_last = comes_last(self.histories, booked)
        self.histories = with_activity(self.histories, booked)
        if not is_last:
            rebooked = rebook(self.histories, symbols_of(activity), id_of(activity))
            return self._rebooked(Booking(activity, booked.strategy, symbol), rebooked)
        effects = book_again(self.lots.get(symbol, ()), booked)
        trades = effects.trades
        self._add_trades(symbol, effects.trades)
        if isinstance(activity, Reorganisation) and activity.new_symbol is not None:
            trades += self._join(activity, activity.new_symbol)
        self.lots[symbol] = effects.lots
        return Booking(activity, booked.strategy, symbol, trades=trades)

    def _join(self, event: Reorganisation, symbol: str) -> tuple[Trade, ...]:
        """The round trips that the shares close which a reorganisation brings to its new symbol."""
        arrived = book_reorganisation(self.lots.get(event.symbol, ()), event).arrived
        joined = join_arrived(self.lots.get(symbol, ()), arrived)
        self.lots[symbol] = joined.lots
        self._add_trades(symbol, joined.trades)
        return joined.trades

    def _add_trades(self, symbol: str, trades: tuple[Trade, ...]) -> None:
        if symbol in self.histories and trades:
            history = self.histories[symbol]
            self.histories[symbol] = replace(history, trades=(*history.trades, *trades))

    def _book_bust(self, row: Row) -> Booking | None:
        reversal = value_from(Fill, row)
        bust = FillBust(reversal.fill_id, row["reverses"], reversal.at, reversal.session)
        effects = rebook_without(self.histories, bust)
        if effects is None or any(row[name] != value for name, value in fill_reversal(effects.fill, bust).items()):
            return None
        self.orders[effects.fill.client_order_id].filled -= effects.fill.quantity
        booking = Booking(bust, row["strategy"], effects.fill.symbol, busted=effects.fill)
        return self._rebooked(booking, effects.rebooked)

    def _rebooked(self, booking: Booking, rebooked: Rebooked) -> Booking:
        self.histories |= rebooked.histories
        self.lots |= rebooked.lots
        return replace(booking, trades=rebooked.new_trades, undone=rebooked.undone)

    # --- comparing -------------------------------------------------------------------------

    def _state(self, state: Row) -> Iterator[Finding]:
        cash = None if self.cash is None else canonical(self.cash)
        if state["cash"] != cash:
            yield Finding("accounts", self.key, f"cash is {state['cash']}, and everything booked comes to {cash}")
        if state["activities"] != self.booked:
            yield Finding("accounts", self.key, f"counts {state['activities']} bookings, and there are {self.booked}")

    def _lots(self) -> Iterator[Finding]:
        rows = self._rows("SELECT * FROM lots WHERE")
        here = {row["lot_id"]: value_from(Lot, row) for row in rows}
        there = {lot.lot_id: lot for lots in self.lots.values() for lot in lots}
        for lot_id in sorted(here.keys() | there.keys()):
            lot, expected = here.get(lot_id), there.get(lot_id)
            if expected is None:
                yield Finding("lots", lot_id, "is open, and nothing booked opened it")
            elif lot is None:
                yield Finding("lots", lot_id, f"is gone, and {canonical(expected.quantity)} shares of it are open")
            elif lot != expected:
                yield Finding("lots", lot_id, _figures(columns_of(expected), columns_of(lot)))

    def _holdings(self) -> Iterator[Finding]:
        for row in self._rows("SELECT * FROM holdings WHERE"):
            holding = value_from(Holding, row)
            shares = shares_of(lot for lot in self.lots.get(holding.symbol, ()) if lot.strategy != FOREIGN)
            if holding.quantity != shares:
                what = f"has {canonical(holding.quantity)} shares, and its lots come to {canonical(shares)}"
                yield Finding("holdings", f"{holding.strategy} {holding.symbol}", what)

    def _orders(self, moved_orders: frozenset[tuple[str, str]]) -> Iterator[Finding]:
        """Compare symbol, side and, in a final state, filled shares of each order with its fills.

        Filled shares are not compared while the symbol has an open break, which reports the difference already.
        """
        broken = {row["symbol"] for row in self._rows("SELECT symbol FROM breaks WHERE closed_at IS NULL AND")}
        for row in self._rows("SELECT * FROM orders WHERE"):
            name = row["client_order_id"]
            filled = self.orders.get(name, _Order(row["symbol"], Side(row["side"])))
            if filled.side != row["side"] or filled.symbol not in (row["symbol"], self.names.get(row["symbol"])):
                yield Finding("fills", f"of {name}", f"{filled.side} {filled.symbol}, and the order was {row['side']}")
                continue
            over = row["state"] in TERMINAL and (self.key, name) not in moved_orders and row["symbol"] not in broken
            if over and Decimal(row["filled_quantity"]) != filled.filled:
                what = f"has {row['filled_quantity']} shares filled, and its fills come to {canonical(filled.filled)}"
                yield Finding("orders", name, what)

    def _rows(self, select: str) -> Iterator[Row]:
        """The rows of this account; ``select`` ends before the condition on the account."""
        return self.engine.each(f"{select} account_key = :key", {"key": self.key})


def _trade_rows(booking: Booking) -> Iterator[dict[str, Value]]:
    """The rows that a booking adds to trades, in order. The exit reason is not computed again."""
    for trade in booking.undone:
        yield trade_reversal(trade, booking.activity)
    for trade in booking.trades:
        yield columns_of(trade)


def _differs(expected: Mapping[str, Value], actual: Row) -> bool:
    return any(actual[name] != value for name, value in expected.items() if name != "exit_reason")


def _trade_finding(expected: Mapping[str, Value], actual: Row | None) -> Finding:
    name = str(expected["trade_id"])
    if actual is None:
        return Finding("trades", name, "is missing: what is booked ended this round trip")
    if actual["trade_id"] != name:
        return Finding("trades", actual["trade_id"], f"stands where what is booked ended {name}")
    return Finding("trades", name, _figures(expected, actual))


def _figures(expected: Mapping[str, Value], actual: Row) -> str:
    differing = [column for column, value in expected.items() if column != "exit_reason" and actual[column] != value]
    return "; ".join(
        f"{column} is {actual[column]}, and what is booked comes to {expected[column]}" for column in differing
    )
