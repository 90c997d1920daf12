"""A home whose ledger looks back on years of made-up trading, written through the ledger's own ports.

python scripts/bench/large_ledger.py HOME FILLS

The round trips lie before the first session of the embedded exchange and add up to nothing, so that the account is as
it was at its beginning and the jobs of the day can be run on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tradebot.core.account import Fill, SessionHours
from tradebot.core.booking import Owner, bookings_for
from tradebot.core.ids import client_order_id
from tradebot.core.orders import Intent, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.records import DecisionRow, EquityPoint, RunStatus
from tradebot.core.schedule import DAY, Job, nominal
from tradebot.jobs.desk import Desk
from tradebot.runtime import make_home, open_office
from tradebot.settings import GlobalOptions

STRATEGY = "rsi2_mean_reversion"
SHARES, PRICE, SWING, FEE = Decimal(10), Decimal(25), Decimal("0.5"), Decimal(1)
DENIALS = 8  # a session
SYMBOLS = 40


def fill_ledger(desk: Desk, fills: int) -> None:
    """Write ``fills`` fills (a multiple of 4) over the sessions since 2000, with all that a day's jobs write beside."""
    days = desk.calendar.between(date(2000, 3, 1), desk.calendar.previous(desk.broker.clock().now.date()).session)
    trips = fills // 2
    for number, hours in enumerate(days):
        begin, end = (trips * turn // len(days) for turn in (number, number + 1))
        with desk.ledger.transaction():
            _write_day(desk, hours, range(begin, end))
    cash = desk.settings.paper_starting_cash
    now = desk.clock.now()
    desk.ledger.books.book(
        bookings_for(desk.broker.activities(None), desk.ledger.books.lots(), (), {}, desk.settings.limits()), now
    )
    desk.ledger.books.rebase_peak(cash, now)


def _write_day(desk: Desk, hours: SessionHours, trips: range) -> None:
    """One session: its runs, its orders with their fills, its denials, and its equity."""
    cash = desk.settings.paper_starting_cash
    for job in DAY:
        at = nominal(job, hours)
        assert at is not None
        run_id = desk.ledger.runs.begin(job, hours.session, at, at, 1)
        if job is Job.RUN_DAILY:
            for trip in trips:
                _write_trip(desk, hours, trip)
            desk.ledger.journal.decided(run_id, list(_denials(hours)))
        desk.ledger.books.snapshot(EquityPoint(hours.session, at, cash, cash, Decimal(0), Decimal(0), cash), ())
        desk.ledger.runs.end(run_id, RunStatus.RAN, 0, at, at, "made up")


def _write_trip(desk: Desk, hours: SessionHours, trip: int) -> None:
    """One round trip, sent, filled and booked. Of two in a row the second loses what the first has won."""
    orders, books = desk.ledger.orders, desk.ledger.books
    exit_price = PRICE + 2 * FEE / SHARES + (SWING if trip % 2 else -SWING)
    at = hours.opens + timedelta(minutes=5)
    for side, purpose, price in ((Side.BUY, Purpose.ENTRY, PRICE), (Side.SELL, Purpose.EXIT, exit_price)):
        intent = _intent(desk.account_key, hours.session, trip, side, purpose, price)
        name = intent.client_order_id
        orders.write([intent], at)
        orders.move(name, OrderState.SUBMITTING, at)
        orders.move(
            name,
            OrderState.FILLED,
            at,
            broker_order_id=f"H-{trip}-{purpose}",
            filled_quantity=SHARES,
            average_fill_price=price,
        )
        fill = Fill(
            f"H-{trip}-{purpose}", f"H-{trip}-{purpose}", name, intent.symbol, side, SHARES, price, FEE, at,
            hours.session,
        )  # fmt: skip
        owners = {name: Owner(STRATEGY, intent, purpose, "made up")}
        books.book(
            bookings_for([fill], books.lots(intent.symbol), books.holdings(), owners, desk.settings.limits()), at
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
    home, fills = sys.argv[1:]
    options = GlobalOptions(home=Path(home))
    make_home(options)
    with open_office(options, Job.REPLAY, durable=False) as office:
        fill_ledger(office.desk, int(fills))


if __name__ == "__main__":
    main()
