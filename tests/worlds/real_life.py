"""What happens to an account by itself: stops fill between reads, symbols do not trade, rows are shown days late."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from tests.worlds.world import Day, Overlap, Run, World
from tradebot.brokers.paper import PaperBroker, PaperExchange, Phase
from tradebot.brokers.paper import broker as paper_broker
from tradebot.brokers.paper.order_matching import match_at_market
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill, FillBust, SplitEvent, id_of
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderType, Side
from tradebot.core.model.values import whole_shares
from tradebot.market.matching import with_slippage

#: How many sessions late a row is that is never shown.
NEVER = 99
#: The names of events in the table of what was met.
RENAMED = "symbol renamed"
SYMBOL_HALTED = "symbol does not trade"
EARLIER_LIFE = "account with an earlier life"
ROW_LATE = "rows shown days late"


class LateRows:
    """The rows of activities that the broker does not show yet.

    Rows of the first session with a run are shown at once: the home's first look may count them in already.
    """

    def __init__(self, world: World, sessions: Sequence[date]) -> None:
        self._after = dict(world.rows_late)
        self._number = {session: number for number, session in enumerate(sessions)}
        self._last = world.days[-1].session
        self._forgets = world.forgets
        self._first = next((day.session for day in world.days if _has_runs(day)), self._last)

    def hides(self, activity: Activity, today: date) -> bool:
        """Whether the row of an activity is not shown in session ``today``."""
        if self._forgets and activity.session < self._first:
            return sum(map(ord, id_of(activity))) % 2 == 0
        late = self._after.get(kind_of(activity), 0)
        if not self.is_late(activity) or late == 0:
            return False
        return late == NEVER or (
            today <= self._last and self._number[today] < self._number.get(activity.session, 0) + late
        )

    def is_late(self, activity: Activity) -> bool:
        """Whether the row of an activity is, or was, shown late."""
        return activity.session > self._first and kind_of(activity) in self._after


def kind_of(activity: Activity) -> str:
    """The kind of an activity whose row may be late; "" for any other."""
    match activity:
        case Fill() | FillBust():
            return "fill"
        case SplitEvent():
            return "split"
        case CashEvent(kind=CashKind.DEPOSIT | CashKind.WITHDRAWAL):
            return "transfer"
        case CashEvent(kind=CashKind.DIVIDEND):
            return "dividend"
        case _:
            return ""


def _has_runs(day: Day) -> bool:
    return any(isinstance(step, Run | Overlap) for step in day.steps)


def fill_a_stop(exchange: PaperExchange) -> str:
    """Fill the oldest stop that rests, at its own price; "" where none does or the market is closed."""
    with exchange.writing() as view:
        if view.state.phase not in (Phase.OPEN, Phase.RESOLVED):
            return ""
        for order in view.book.live_orders():
            stop = order.stop_price
            rests = order.working and order.type is OrderType.STOP and order.side is Side.SELL
            if stop is not None and rests and order.remaining <= view.book.held(order.symbol):
                order = view.book.update(replace(order, triggered=True))
                _fill(view, order, order.remaining, stop)
                return order.client_order_id
    return ""


def submit_in_part(broker: PaperBroker, request: OrderRequest) -> BrokerOrder:
    """Take an order in and fill half of it. The rest does not trade in this session's first minutes, or never."""
    with patch.object(paper_broker, match_at_market.__name__, _fill_half):
        return broker.submit(request)


def _fill_half(view: ExchangeView, order: PaperOrder) -> None:
    price, half = view.trading_price(order.symbol), whole_shares(order.quantity / 2)
    bar = view.bar(order.symbol)
    takes = order.limit_price is None or (price is not None and price <= order.limit_price)
    if price is not None and bar is not None and bar.volume and half > 0 and takes:
        _fill(view, order, half, with_slippage(price, order.side, view.rules.slippage_pct))


def _fill(view: ExchangeView, order: PaperOrder, quantity: Decimal, price: Decimal) -> None:
    fee = view.rules.commission(order.filled_quantity + quantity) - order.fees
    view.book.fill(order, quantity, price, fee, view.booking_time)


def transfer(exchange: PaperExchange, kind: CashKind, amount: Decimal) -> None:
    """Pay USD into the account, or take USD out of it (a negative amount)."""
    with exchange.writing() as view:
        view.book.book_cash(kind, amount, None, "transfer", view.booking_time)


@contextmanager
def _file(exchange_file: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(exchange_file, isolation_level=None)) as sql:
        yield sql


def set_volume(exchange_file: str, symbol: str, session: date, volume: int) -> int:
    """Change a bar's volume, and return the volume before; 0 shares mean that the symbol does not trade."""
    with _file(exchange_file) as sql:
        key = (session.isoformat(), symbol)
        row = sql.execute("SELECT volume FROM bars WHERE session = ? AND symbol = ?", key).fetchone()
        sql.execute("UPDATE bars SET volume = ? WHERE session = ? AND symbol = ?", (volume, *key))
        return int(row[0]) if row else 0


def rename(exchange_file: str, old: str, new: str) -> None:
    """Give a symbol another name: its bars, its position and its live orders have it from now on."""
    with _file(exchange_file) as sql:
        sql.execute("BEGIN IMMEDIATE")
        for table in ("bars", "actions", "symbols", "positions"):
            sql.execute(f"UPDATE {table} SET symbol = ? WHERE symbol = ?", (new, old))
        sql.execute("UPDATE orders SET symbol = ? WHERE symbol = ? AND live = 1", (new, old))
        sql.execute("COMMIT")
