"""A home with years of synthetic trading, stored in the ledger and in the embedded exchange so that both agree.

python scripts/bench/large_ledger.py HOME FILLS

The round trips precede the first session of the exchange and their profits add up to zero. The account is therefore
unchanged, and the daily jobs run on it.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tradebot.brokers.paper import row_codec
from tradebot.brokers.paper.account_book import activity_id
from tradebot.brokers.paper.orders import PaperOrder, broker_order_id, draft_order, parse_number
from tradebot.core.accounting.booking import Owner, bookings_for
from tradebot.core.model.account import Activity, Fill, SessionHours
from tradebot.core.model.ledger_rows import DecisionRow, EquityPoint, RunStatus
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Intent, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.schedule import NEEDED, Job, due_time
from tradebot.core.model.values import ZERO
from tradebot.home.paths import exchange_file
from tradebot.jobs import reconcile
from tradebot.jobs.desk import Desk
from tradebot.runtime.init_home import init_home
from tradebot.runtime.open_desk import open_desk
from tradebot.settings import GlobalOptions

STRATEGY = "rsi2_mean_reversion"
SHARES, PRICE, SWING, FEE = Decimal(10), Decimal(25), Decimal("0.5"), Decimal(1)
DENIALS = 8  # a session
SYMBOLS = 40


@dataclass(frozen=True, slots=True)
class Leg:
    """One half of a round trip: an intent and its complete fill."""

    intent: Intent
    fill: Fill


def write_history(desk: Desk, exchange_file: Path, fills: int) -> None:
    """Store ``fills`` fills (a multiple of 4) over the sessions since 2000, with the rows of each session's jobs."""
    days = desk.calendar.between(date(2000, 3, 1), desk.calendar.previous(desk.broker.clock().now.date()).session)
    reconcile.run(desk)  # books the opening
    trips = fills // 2
    with closing(sqlite3.connect(exchange_file)) as exchange, exchange:
        for number, hours in enumerate(days):
            begin, end = (trips * turn // len(days) for turn in (number, number + 1))
            legs = [leg for trip in range(begin, end) for leg in _legs(desk.account_key, hours, trip)]
            exchange.executemany(row_codec.PUT_ORDER, [row_codec.encode_order(_at_exchange(leg)) for leg in legs])
            exchange.executemany(row_codec.ADD_ACTIVITY, [row_codec.encode_activity(leg.fill) for leg in legs])
            with desk.ledger.transaction():
                _write_day(desk, hours, legs)
    desk.ledger.books.rebase_peak(desk.settings.paper_starting_cash, desk.clock.now())


def _write_day(desk: Desk, hours: SessionHours, legs: Sequence[Leg]) -> None:
    """Store one session: runs, orders with their fills, denials and equity."""
    for job in NEEDED:
        at = due_time(job, hours)
        assert at is not None
        run_id = desk.ledger.runs.begin(job, hours.session, at, at, 1)
        if job is Job.RUN_DAILY:
            for leg in legs:
                _write_leg(desk, leg)
            desk.ledger.decisions.store(run_id, list(_denials(hours)))
        cash = desk.ledger.books.cash() or ZERO
        desk.ledger.books.store_equity(EquityPoint(hours.session, at, cash, cash, ZERO, ZERO, cash), ())
        desk.ledger.runs.end(run_id, RunStatus.RAN, 0, at, at, "made up")


def _write_leg(desk: Desk, leg: Leg) -> None:
    """Store an order as planned, sent, filled and booked."""
    intent, fill, orders = leg.intent, leg.fill, desk.ledger.orders
    orders.write([intent], fill.at)
    orders.move(intent.client_order_id, OrderState.SUBMITTING, fill.at)
    orders.move(
        intent.client_order_id,
        OrderState.FILLED,
        fill.at,
        broker_order_id=fill.broker_order_id,
        filled_quantity=fill.quantity,
        average_fill_price=fill.price,
    )
    _book(desk, [fill], {intent.client_order_id: Owner(STRATEGY, intent, intent.purpose, "made up")}, fill.at)


def _book(desk: Desk, activities: Sequence[Activity], owners: Mapping[str, Owner], at: datetime) -> None:
    books, limits = desk.ledger.books, desk.settings.limits()
    books.book(bookings_for(activities, books.lots(), books.holdings(), owners, limits), at)


def _legs(account_key: str, hours: SessionHours, trip: int) -> Iterator[Leg]:
    """The legs of one round trip. The second of two in a row loses what the first gained."""
    exit_price = PRICE + 2 * FEE / SHARES + (SWING if trip % 2 else -SWING)
    at = hours.opens + timedelta(minutes=5)
    turns = ((Side.BUY, Purpose.ENTRY, PRICE), (Side.SELL, Purpose.EXIT, exit_price))
    for number, (side, purpose, price) in enumerate(turns, start=2 * trip + 1):
        intent = _intent(account_key, hours.session, trip, side, purpose, price)
        fill = Fill(
            activity_id(number + 1),  # the account's first activity was its deposit
            broker_order_id(number),
            intent.client_order_id,
            intent.symbol,
            side,
            SHARES,
            price,
            FEE,
            at,
            hours.session,
        )
        yield Leg(intent, fill)


def _at_exchange(leg: Leg) -> PaperOrder:
    """A filled order as a row of the exchange."""
    number = parse_number(leg.fill.broker_order_id, "O")
    assert number is not None
    return replace(
        draft_order(leg.intent.request, leg.fill.at),
        number=number,
        state=OrderState.FILLED,
        filled_quantity=SHARES,
        average_fill_price=leg.fill.price,
        fees=FEE,
    )


def _intent(account_key: str, session: date, trip: int, side: Side, purpose: Purpose, price: Decimal) -> Intent:
    symbol, attempt = f"H{trip % SYMBOLS}", trip // SYMBOLS % 9999 + 1
    request = OrderRequest(
        client_order_id(account_key, session, STRATEGY, symbol, purpose, attempt),
        symbol,
        side,
        SHARES,
        OrderType.MARKET,
        TimeInForce.DAY,
    )
    return Intent(request, account_key, session, STRATEGY, purpose, attempt, price, "made up")


def _denials(hours: SessionHours) -> Iterator[DecisionRow]:
    for number in range(DENIALS):
        yield DecisionRow(
            hours.session, hours.opens, STRATEGY, f"H{number}", "entry", "denied", "MAX_POSITIONS", "made up",
            value=Decimal(10), limit=Decimal(10),
        )  # fmt: skip


def main() -> None:
    """Make the home."""
    home, fills = sys.argv[1:]
    options = GlobalOptions(home=Path(home))
    init_home(options)
    with open_desk(options, Job.REPLAY, durable=False) as opened:
        write_history(opened.desk, exchange_file(Path(home)), int(fills))


if __name__ == "__main__":
    main()
