"""Comparison of the tables with each other: bookings with orders, closures, lots, holdings and cash.

The rows of every activity are booked again, in order, by the same code as at first. The result must equal the stored
closures, lots, holdings and cash. A row that was changed together with its row of the audit trail is found this way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import merge
from itertools import groupby

from tradebot.core.accounting.fill_busts import rebook_without
from tradebot.core.accounting.rebooking import Newest, Rebooked, book_again, rebook, symbols_of
from tradebot.core.accounting.reorganisations import book_reorganisation, join_arrived
from tradebot.core.model.account import CASH, Adjustment, CashEvent, Fill, FillBust, Reorganisation, SplitEvent, id_of
from tradebot.core.model.holdings import EXIT_FIELDS, FOREIGN, Holding, Lot, LotClosure, shares_of
from tradebot.core.model.ledger_rows import BookedActivity, Booking, SymbolHistory
from tradebot.core.model.orders import TERMINAL, Side
from tradebot.core.model.values import CENT, ZERO, canonical, plural
from tradebot.ledger.audit import ACTIVITIES, CASH_EVENTS, FILLS, REORGANISATIONS, SPLITS, ChainedTable
from tradebot.ledger.books import cash_effect, closure_reversal, fill_reversal
from tradebot.ledger.codec import columns_of, value_from
from tradebot.ledger.covered import Covered
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.findings import Finding
from tradebot.ledger.trail_state import EquityCash, WriteOrder

Numbered = tuple[ChainedTable, Row]
#: The symbols with a busted fill, and those with an event that takes effect at an instant.
_BOOKED_AGAIN = (
    "SELECT DISTINCT symbol FROM fills WHERE reverses IS NOT NULL AND",
    "SELECT DISTINCT symbol FROM corporate_actions WHERE effective_at IS NOT NULL AND",
    "SELECT DISTINCT symbol FROM reorganisations WHERE",
    "SELECT DISTINCT new_symbol AS symbol FROM reorganisations WHERE new_symbol IS NOT NULL AND",
)


def check_tables(engine: Engine, order: WriteOrder, covered: Covered) -> Iterator[Finding]:
    """The contradictions between the tables, which were written in ``order``."""
    booked_rows = (_rows_of(engine, table, covered) for table in ACTIVITIES)
    rows = merge(*booked_rows, key=lambda each: _account_and_number(each[1]))
    accounts = covered.each(engine, "SELECT * FROM accounts WHERE account_key", "account_key")
    states = {row["account_key"]: row for row in accounts}
    for key, booked in groupby(rows, key=lambda each: str(each[1]["account_key"])):
        yield from _Account(engine, key, order).check(booked, states.pop(key))
    for key, state in states.items():
        yield from _Account(engine, key, order).check((), state)


def _rows_of(engine: Engine, chained: ChainedTable, covered: Covered) -> Iterator[Numbered]:
    for row in covered.each(engine, f"SELECT * FROM {chained.table} WHERE account_key", "account_key, number"):
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
class _Past:
    """What is booked of a symbol so far: a history that grows."""

    activities: list[BookedActivity] = field(default_factory=list)
    closures: list[LotClosure] = field(default_factory=list)
    newest: Newest = field(default_factory=Newest)

    @classmethod
    def of(cls, history: SymbolHistory) -> _Past:
        return cls(list(history.activities), list(history.closures), Newest.of(history))

    def history(self) -> SymbolHistory:
        return SymbolHistory(tuple(self.activities), tuple(self.closures))


@dataclass(slots=True)
class _Account:
    """One account while its rows are booked again."""

    engine: Engine
    key: str
    order: WriteOrder
    booked: int = 0  # the number of the newest booked row
    cash: Decimal | None = None
    moved_cash: bool = False  # whether any booking so far did
    cash_findings: list[Finding] = field(default_factory=list)
    lots: dict[str, tuple[Lot, ...]] = field(default_factory=dict)
    pasts: dict[str, _Past] = field(default_factory=dict)  # of the symbols that may be booked again
    orders: dict[str, _Order] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # the symbol that took a symbol's place

    def check(self, booked: Iterable[Numbered], state: Row) -> Iterator[Finding]:
        """Book the rows of ``booked``, and compare the result with the other tables; ``state`` is the account's row."""
        self.pasts = {row["symbol"]: _Past() for select in _BOOKED_AGAIN for row in self._rows(select)}
        yield from self._rebook(booked)
        yield from self._state(state)
        yield from self._lots()
        yield from self._holdings()
        yield from self._orders()
        yield from self.cash_findings

    # --- booking again ---------------------------------------------------------------------

    def _rebook(self, booked: Iterable[Numbered]) -> Iterator[Finding]:
        """Book every row, and compare the lots that it closes with the rows of trades, one by one."""
        stored = self.engine.each("SELECT * FROM trades WHERE account_key = :key ORDER BY seq", {"key": self.key})
        agree = True
        points = deque(self.order.equity_points.get(self.key, ()))
        for chained, row in booked:
            self._look_at_cash(points)
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
            moved = cash_effect(booking)
            self.cash = (self.cash or ZERO) + moved
            self.moved_cash = self.moved_cash or bool(moved)
            for expected in _closure_rows(booking):
                actual = next(stored, None) if agree else expected
                if agree and (actual is None or not expected.items() <= actual.items()):
                    agree = False
                    yield _closure_finding(expected, actual)
        self._look_at_cash(points)
        left = next(stored, None) if agree else None
        if left is not None:
            yield Finding("trades", left["trade_id"], "is a lot closure that nothing booked made")

    def _look_at_cash(self, points: deque[EquityCash]) -> None:
        """Compare the cash that was booked so far with the equity points that were recorded at this place."""
        while points and points[0].booked <= self.booked:
            point = points.popleft()
            if self.cash is not None and self.moved_cash and abs(self.cash - Decimal(point.cash)) > CENT:
                what = f"cash is {point.cash}, and everything booked until then comes to {canonical(self.cash)}"
                self.cash_findings.append(Finding("equity", point.subject, what))

    def _book(self, chained: ChainedTable, row: Row) -> Booking | None:
        """The effects of a row; None for a bust that does not match the fill that it reverses."""
        strategy = row["strategy"]
        if chained is CASH_EVENTS:
            return Booking(value_from(CashEvent, row), strategy, None)
        if chained is SPLITS:
            return self._book_activity(BookedActivity(value_from(SplitEvent, row), strategy))
        if chained is REORGANISATIONS:
            return self._book_activity(BookedActivity(value_from(Reorganisation, row), strategy))
        if chained is FILLS:
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
        if not self._add(booked):
            rebooked = rebook(self._histories(), symbols_of(activity), id_of(activity))
            return self._rebooked(Booking(activity, booked.strategy, symbol), rebooked)
        effects = book_again(self.lots.get(symbol, ()), booked)
        closures = effects.closures
        self._add_closures(symbol, effects.closures)
        if isinstance(activity, Reorganisation) and activity.new_symbol is not None:
            closures += self._join(activity, activity.new_symbol)
        self.lots[symbol] = effects.lots
        return Booking(activity, booked.strategy, symbol, closures=closures)

    def _add(self, booked: BookedActivity) -> bool:
        """Add an activity to the pasts of its symbols. Whether it takes effect after everything in them."""
        pasts = [self.pasts[symbol] for symbol in symbols_of(booked.activity) if symbol in self.pasts]
        is_last = all(past.newest.is_before(booked) for past in pasts)
        for past in pasts:
            past.activities.append(booked)
            past.newest = past.newest.with_activity(booked)
        return is_last

    def _join(self, event: Reorganisation, symbol: str) -> tuple[LotClosure, ...]:
        """The lot closures that the shares close which a reorganisation brings to its new symbol."""
        arrived = book_reorganisation(self.lots.get(event.symbol, ()), event).arrived
        joined = join_arrived(self.lots.get(symbol, ()), arrived)
        self.lots[symbol] = joined.lots
        self._add_closures(symbol, joined.closures)
        return joined.closures

    def _add_closures(self, symbol: str, closures: tuple[LotClosure, ...]) -> None:
        if closures and symbol in self.pasts:
            self.pasts[symbol].closures.extend(closures)

    def _histories(self) -> dict[str, SymbolHistory]:
        return {symbol: past.history() for symbol, past in self.pasts.items()}

    def _book_bust(self, row: Row) -> Booking | None:
        reversal = value_from(Fill, row)
        bust = FillBust(reversal.fill_id, row["reverses"], reversal.at, reversal.session)
        effects = rebook_without(self._histories(), bust)
        if effects is None or any(row[name] != value for name, value in fill_reversal(effects.fill, bust).items()):
            return None
        self.orders[effects.fill.client_order_id].filled -= effects.fill.quantity
        booking = Booking(bust, row["strategy"], effects.fill.symbol, busted=effects.fill)
        return self._rebooked(booking, effects.rebooked)

    def _rebooked(self, booking: Booking, rebooked: Rebooked) -> Booking:
        self.pasts |= {symbol: _Past.of(history) for symbol, history in rebooked.histories.items()}
        self.lots |= rebooked.lots
        return replace(booking, closures=rebooked.new_closures, undone=rebooked.undone)

    # --- comparing -------------------------------------------------------------------------

    def _state(self, state: Row) -> Iterator[Finding]:
        cash, name = None if self.cash is None else canonical(self.cash), state["history"]
        if state["cash"] != cash:
            yield Finding("accounts", name, f"cash is {state['cash']}, and everything booked comes to {cash}")
        if state["activities"] != self.booked:
            yield Finding("accounts", name, f"counts {state['activities']} bookings, and there are {self.booked}")

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
                what = f"has {plural(holding.quantity, 'share')}, and its lots come to {canonical(shares)}"
                yield Finding("holdings", f"{holding.strategy} {holding.symbol}", what)

    def _orders(self) -> Iterator[Finding]:
        """Compare symbol, side and, in a final state, filled shares of each order with its fills.

        Filled shares are not compared while the symbol has an open break, which reports the difference already.
        """
        broken = {row["symbol"] for row in self._rows("SELECT symbol FROM breaks WHERE closed_at IS NULL AND")}
        unfilled = _Order("", Side.BUY)
        for row in self._rows("SELECT client_order_id, symbol, side, state, filled_quantity FROM orders WHERE"):
            name, symbol = row["client_order_id"], row["symbol"]
            filled = self.orders.get(name, unfilled)
            if filled is not unfilled and (
                filled.side != row["side"] or filled.symbol not in (symbol, self.names.get(symbol))
            ):
                yield Finding("fills", f"of {name}", f"{filled.side} {filled.symbol}, and the order was {row['side']}")
                continue
            is_over = row["state"] in TERMINAL and (self.key, name) not in self.order.moved_orders
            if is_over and symbol not in broken and Decimal(row["filled_quantity"]) != filled.filled:
                what = f"has {row['filled_quantity']} shares filled, and its fills come to {canonical(filled.filled)}"
                yield Finding("orders", name, what)

    def _rows(self, select: str) -> Iterator[Row]:
        """The rows of this account; ``select`` ends before the condition on the account."""
        return self.engine.each(f"{select} account_key = :key", {"key": self.key})


def _closure_rows(booking: Booking) -> Iterator[dict[str, Value]]:
    """The rows that a booking adds to closures, in order, without why they were closed: that is not computed again."""
    for closure in booking.undone:
        reversal = closure_reversal(closure, booking.activity)
        yield {name: value for name, value in reversal.items() if name not in EXIT_FIELDS}
    for closure in booking.closures:
        yield columns_of(closure, without=EXIT_FIELDS)


def _closure_finding(expected: Mapping[str, Value], actual: Row | None) -> Finding:
    name = str(expected["trade_id"])
    if actual is None:
        return Finding("trades", name, "is missing: what is booked closed this lot")
    if actual["trade_id"] != name:
        return Finding("trades", actual["trade_id"], f"stands where what is booked made {name}")
    return Finding("trades", name, _figures(expected, actual))


def _figures(expected: Mapping[str, Value], actual: Row) -> str:
    differing = [column for column, value in expected.items() if actual[column] != value]
    return "; ".join(
        f"{column} is {actual[column]}, and what is booked comes to {expected[column]}" for column in differing
    )
