"""The report of a walk: lots and round trips by the rules of core, and the figures of the period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.backtest.account import BookedCash, BookedFill, Moment
from tradebot.backtest.bars import in_dollars
from tradebot.backtest.walk import Walk
from tradebot.core.accounting.buy_and_hold import buy_and_hold
from tradebot.core.accounting.lots import book_fill, book_split
from tradebot.core.accounting.months import month_lines
from tradebot.core.accounting.reorganisations import book_reorganisation
from tradebot.core.accounting.round_trips import round_trips
from tradebot.core.accounting.trade_figures import trade_figures
from tradebot.core.model.account import ActionKind, CashEvent, CashKind, Fill, Reorganisation, SplitEvent
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.exits import UNKNOWN_EXIT
from tradebot.core.model.holdings import Lot, LotClosure, Trade
from tradebot.core.model.ledger_rows import EquityPoint, RunStatus
from tradebot.core.model.orders import Side
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import CENT, ZERO, plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.period_lines import Turnover
from tradebot.core.results.report_outcome import HaltMet, ReportOutcome
from tradebot.core.results.report_periods import Period

#: The best and the worst trades that are listed.
LISTED = 5
#: From the start of a New York day to each moment of its session.
_AFTER = {
    Moment.BEFORE: timedelta(hours=4),
    Moment.OPEN: timedelta(hours=9, minutes=30),
    Moment.ENTRY: timedelta(hours=9, minutes=35),
    Moment.RANGE: timedelta(hours=15, minutes=45),
    Moment.CLOSE: timedelta(hours=15, minutes=45),
}


@dataclass(slots=True)
class Books:
    """What the bookings of a walk come to."""

    fills: list[Fill] = field(default_factory=list)
    closures: list[LotClosure] = field(default_factory=list)
    lots: dict[str, tuple[Lot, ...]] = field(default_factory=dict)
    events: list[SplitEvent | Reorganisation] = field(default_factory=list)
    cash: list[CashEvent] = field(default_factory=list)

    @property
    def trades(self) -> tuple[Trade, ...]:
        """The round trips that are over, by their end."""
        return round_trips(self.closures, (lot for lots in self.lots.values() for lot in lots), self.events)


def books_of(walk: Walk) -> Books:
    """Book what a walk has done, as the ledger books a broker's activities."""
    books = Books()
    for number, booked in enumerate(walk.account.booked, start=1):
        session = walk.bars.sessions[booked.row]
        if isinstance(booked, BookedFill):
            _book_fill(books, booked, session, f"A-{number:09d}")
        else:
            _book_action(books, booked, session, f"A-{number:09d}")
    return books


def _book_fill(books: Books, booked: BookedFill, session: date, fill_id: str) -> None:
    fill = Fill(
        fill_id=fill_id,
        broker_order_id=fill_id,
        client_order_id=fill_id,
        symbol=booked.symbol,
        side=booked.side,
        quantity=booked.quantity,
        price=booked.price,
        fee=booked.fee,
        at=_at(session, booked.moment),
        session=session,
    )
    books.fills.append(fill)
    after = book_fill(books.lots.get(fill.symbol, ()), fill, booked.strategy, booked.due or UNKNOWN_EXIT)
    books.lots[fill.symbol] = after.lots
    books.closures += after.closures


def _book_action(books: Books, booked: BookedCash, session: date, event_id: str) -> None:
    symbol, at = booked.symbol, _at(session, Moment.BEFORE)
    lots = books.lots.get(symbol, ())
    if booked.kind is ActionKind.SPLIT:
        split = SplitEvent(event_id, symbol, booked.value, booked.before, booked.after, at, session)
        books.events.append(split)
        after = book_split(lots, split)
        books.lots[symbol] = after.lots
        books.closures += after.closures
    elif booked.kind is not ActionKind.DIVIDEND:
        end = Reorganisation(event_id, booked.kind, symbol, None, ZERO, booked.before, ZERO, booked.value, at, session)
        books.events.append(end)
        books.closures += book_reorganisation(lots, end).closures
        books.lots[symbol] = ()
    if booked.amount:
        kind = CashKind.DIVIDEND if booked.kind is ActionKind.DIVIDEND else CashKind.CASH_IN_LIEU
        books.cash.append(CashEvent(f"{event_id}/cash", kind, booked.amount, at, session, symbol))


def _at(session: date, moment: Moment) -> datetime:
    return start_of_day(session) + _AFTER[moment]


def report_of(walk: Walk, benchmark: Mapping[date, float]) -> ReportOutcome:
    """The report of the sessions walked. ``benchmark``: closes of the S&P 500 by session."""
    books = books_of(walk)
    points = _points(walk)
    trades = books.trades
    closed = trade_figures((t.strategy, t.symbol, t.exit_session.isoformat(), t.pnl, t.fees) for t in trades)
    ranked = sorted(trades, key=lambda trade: -trade.pnl)
    open_results = _unrealised(walk)
    first, last = (points[0].session, points[-1].session) if points else (None, None)
    headline = f"{plural(len(points), 'session')} from {first} to {last}: {plural(len(trades), 'round trip')}"
    base = Outcome(Job.REPORT, last, RunStatus.RAN, headline, totals=closed.totals)
    counts: dict[str, int] = {}
    for denied in walk.denied:
        counts[denied.code] = counts.get(denied.code, 0) + 1
    return ReportOutcome.of(
        base,
        period=Period.ALL,
        first=first,
        last=last,
        is_over=True,
        equity=points,
        benchmark={point.session: benchmark[point.session] for point in points if point.session in benchmark},
        buy_and_hold=_held(walk) if len(points) > 1 else {},
        trades=trades,
        by_strategy=closed.by_strategy,
        by_symbol=closed.by_symbol,
        best_trades=tuple(ranked[:LISTED]),
        worst_trades=tuple(ranked[-LISTED:]),
        months=month_lines(walk.setup.cash, points, books.cash, closed.by_month),
        unrealised=sum(open_results.values(), ZERO),
        unrealised_by_strategy=open_results,
        turnover=_turnover(books.fills, points),
        cash_events=tuple(books.cash),
        denial_counts=counts,
        period_fills=tuple(books.fills),
    )


def halts_met(walk: Walk) -> tuple[HaltMet, ...]:
    """The halts of a walk, for people."""
    known = (halt for halt in walk.halts_met if halt.session is not None)
    return tuple(HaltMet(halt.session, halt, "it went on under it") for halt in known if halt.session is not None)


def survivors(walk: Walk) -> int:
    """The symbols with a bar in the last session walked."""
    return int(walk.bars.listed[walk.rows[len(walk.equity) - 1]].sum()) if walk.equity else 0


def _points(walk: Walk) -> tuple[EquityPoint, ...]:
    points: list[EquityPoint] = []
    before = walk.setup.cash
    for row, equity, invested in zip(walk.rows, walk.equity, walk.invested, strict=False):
        session = walk.bars.sessions[row]
        at = start_of_day(session) + timedelta(hours=16)
        points.append(EquityPoint(session, at, equity, equity - invested, invested, ZERO, before))
        before = equity
    return tuple(points)


def _held(walk: Walk) -> Mapping[str, Decimal]:
    bars, last = walk.bars, walk.rows[len(walk.equity) - 1]
    first = walk.rows[0]
    ends = [
        {symbol: in_dollars(int(bars.close_mark[row, column])) for column, symbol in enumerate(bars.symbols)}
        for row in (first, last)
    ]
    bought, held = ({symbol: price for symbol, price in prices.items() if price} for prices in ends)
    actions = (each for row, of_row in bars.actions.items() if row <= last for each in of_row)
    return buy_and_hold(bought, held, actions, bars.sessions[first])


def _unrealised(walk: Walk) -> dict[str, Decimal]:
    """What is held has gained or lost at the last closes, USD, by strategy."""
    found: dict[str, Decimal] = {}
    marks = walk.bars.close_mark[walk.rows[len(walk.equity) - 1]] if walk.equity else ()
    for held in walk.account.held.values() if walk.equity else ():
        holding = held.holding
        gained = (in_dollars(int(marks[held.column])) - holding.entry_price) * holding.quantity
        found[holding.strategy] = found.get(holding.strategy, ZERO) + gained
    return dict(sorted(found.items()))


def _turnover(fills: Iterable[Fill], points: Sequence[EquityPoint]) -> Turnover | None:
    if not points:
        return None
    sides = {Side.BUY: ZERO, Side.SELL: ZERO}
    for fill in fills:
        sides[fill.side] += fill.quantity * fill.price
    mean = (sum((point.equity for point in points), ZERO) / len(points)).quantize(CENT)
    ratio = (min(sides.values()) / mean).quantize(Decimal("0.0001")) if mean > 0 else None
    return Turnover(sides[Side.BUY].quantize(CENT), sides[Side.SELL].quantize(CENT), mean, ratio)
