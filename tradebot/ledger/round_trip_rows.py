"""The rows of lot closures, grouped into round trips while they are read, so that long histories need little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from heapq import heappush, heappushpop
from itertools import islice
from typing import NamedTuple

from tradebot.core.accounting.round_trips import OpenSince, ShareChange, grouped, trade_of
from tradebot.core.accounting.trade_figures import ResultRow, TradeFigures, TradeResult, trade_figures
from tradebot.core.model.holdings import LotClosure, Trade
from tradebot.core.model.values import ZERO
from tradebot.ledger.codec import Numbers, stamp, value_from
from tradebot.ledger.engine import Engine


class ClosureRow(NamedTuple):
    """The columns of a lot closure that the figures need, as they are stored."""

    trade_id: str
    strategy: str
    symbol: str
    opened_at: str
    closed_at: str
    exit_session: str
    pnl: str
    fees: str
    side: str
    quantity: str
    entry_price: str
    exit_price: str


#: Without a condition on ``reverses``, whose index SQLite would take: the rows would be sorted.
_SELECT = (
    f"SELECT {', '.join(ClosureRow._fields)} FROM trades WHERE account_key = :account AND closed_at > :since"
    " ORDER BY closed_at DESC, seq DESC"
)
#: Rows that one statement names.
_BATCH = 500
Watch = Callable[[Iterator[ClosureRow]], Iterator[ClosureRow]]
Group = list[ClosureRow]


class NewestTrades:
    """The newest round trips of those that pass by, up to a number; None keeps all."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._kept: list[tuple[str, int, Group]] = []
        self.passed = 0

    def add(self, group: Group) -> None:
        """Let a round trip pass by."""
        self.passed += 1
        closed_at = group[0].closed_at
        if self._most is None or len(self._kept) < self._most:
            heappush(self._kept, (closed_at, -self.passed, group))
        elif self._kept and closed_at > self._kept[0][0]:  # of one instant, those that passed first stay
            heappushpop(self._kept, (closed_at, -self.passed, group))

    def groups(self) -> Iterator[Group]:
        """The round trips that are kept, by their end."""
        return (group for _, _, group in sorted(self._kept, key=lambda each: each[:2]))


def over(
    engine: Engine,
    account_key: str,
    changes: tuple[ShareChange, ...],
    first: date | None,
    last: date | None,
    watch: Watch = iter,
) -> Iterator[Group]:
    """The closures of each round trip that ended between two sessions, newest first.

    watch: lets every standing closure pass by.
    """
    since, until = (first or date.min).isoformat(), (last or date.max).isoformat()
    told = tuple(ShareChange(each.symbol, each.new_symbol, stamp(each.at), each.ratio) for each in changes)
    groups = grouped(watch(standing_closures(engine, account_key)), _open_lots(engine, account_key), told)
    return (group for group in groups if since <= group[0].exit_session <= until)


def results_of(groups: Iterable[Group]) -> Iterator[TradeResult]:
    """The result of each round trip."""
    numbers = Numbers()
    return (TradeResult._make(_result_of(group, numbers)) for group in groups)


def _result_of(group: Group, numbers: Numbers) -> ResultRow:
    _, strategy, symbol, _, _, session, pnl, fees, *_ = group[0]
    earned, paid = numbers[pnl], numbers[fees]
    if len(group) > 1:
        for _, _, _, _, _, _, pnl, fees, *_ in group[1:]:
            earned += numbers[pnl]
            paid += numbers[fees]
    return strategy, symbol, session, earned, paid


def as_trades(
    engine: Engine, account_key: str, changes: tuple[ShareChange, ...], groups: Iterable[Group]
) -> tuple[Trade, ...]:
    """The round trips as values, whose rows are read whole."""
    return tuple(trade_of(closures, changes) for closures in _closures_of(engine, account_key, groups))


def _closures_of(engine: Engine, account_key: str, groups: Iterable[Group]) -> Iterator[list[LotClosure]]:
    """The closures of each group, whose rows are read a batch at a time."""
    waiting = iter(groups)
    while batch := list(islice(waiting, _BATCH)):
        stored: dict[str, LotClosure] = {}
        ids = [row.trade_id for group in batch for row in group]
        for start in range(0, len(ids), _BATCH):
            named = {f"id{number}": each for number, each in enumerate(ids[start : start + _BATCH])}
            select = f"SELECT * FROM trades WHERE account_key = :account AND trade_id IN (:{', :'.join(named)})"
            for row in engine.all(select, {"account": account_key, **named}):
                stored[row["trade_id"]] = value_from(LotClosure, row)
        for group in batch:
            yield [stored[row.trade_id] for row in group]


class _Listed:
    """The round trips that a report lists, kept while all of them pass by."""

    def __init__(self, newest: int | None, extremes: int) -> None:
        self.newest = NewestTrades(newest)
        self._extremes = extremes
        self.best: list[tuple[Decimal, int, Group]] = []
        self.worst: list[tuple[Decimal, int, Group]] = []
        self._least_best = self._least_worst = ZERO  # what a trade has to reach

    def pass_by(self, groups: Iterator[Group]) -> Iterator[ResultRow]:
        numbers = Numbers()
        for group in groups:
            result = _result_of(group, numbers)
            self.newest.add(group)
            pnl = result[3]
            if pnl > ZERO:
                if pnl >= self._least_best:
                    self._least_best = self._keep(self.best, (pnl, self.newest.passed, group))
            elif pnl <= self._least_worst and pnl:
                self._least_worst = -self._keep(self.worst, (-pnl, self.newest.passed, group))
            yield result

    def _keep(self, kept: list[tuple[Decimal, int, Group]], entry: tuple[Decimal, int, Group]) -> Decimal:
        """Keep one of those that won or lost most. Returns what another must have won or lost at least."""
        if len(kept) < self._extremes:
            heappush(kept, entry)
        else:
            heappushpop(kept, entry)
        return kept[0][0] if len(kept) == self._extremes else ZERO


class PeriodTrades(NamedTuple):
    """The round trips that ended in a period."""

    figures: TradeFigures
    newest: tuple[Trade, ...]  # by their end
    best: tuple[Trade, ...]  # those that won most
    worst: tuple[Trade, ...]  # those that lost most


def period_trades(
    engine: Engine,
    account_key: str,
    changes: tuple[ShareChange, ...],
    bounds: tuple[date | None, date | None],
    listed: tuple[int | None, int],
    watch: Watch = iter,
) -> PeriodTrades:
    """The figures of all round trips of a period in one pass, in which ``watch`` lets every standing closure pass by.

    listed: how many of the newest (None: all), and how many of the best and of the worst.
    """
    kept = _Listed(*listed)
    figures = trade_figures(kept.pass_by(over(engine, account_key, changes, *bounds, watch)))
    by_result = (
        [group for _, _, group in sorted(each, key=lambda entry: entry[:2], reverse=True)]
        for each in (kept.best, kept.worst)
    )
    newest, best, worst = (
        as_trades(engine, account_key, changes, groups) for groups in (kept.newest.groups(), *by_result)
    )
    return PeriodTrades(figures, newest, best, worst)


def standing_closures(engine: Engine, account_key: str, since: datetime | None = None) -> Iterator[ClosureRow]:
    """The standing closures after an instant, the newest first."""
    reversals = "SELECT trade_id, reverses FROM trades WHERE account_key = :account AND reverses IS NOT NULL"
    undone = {each for row in engine.tuples(reversals, account=account_key) for each in row}
    rows = map(ClosureRow._make, engine.tuples(_SELECT, account=account_key, since=stamp(since) if since else ""))
    return rows if not undone else (row for row in rows if row.trade_id not in undone)


def _open_lots(engine: Engine, account_key: str) -> Iterator[OpenSince]:
    select = "SELECT strategy, symbol, lot_id, opened_at FROM lots WHERE account_key = :account"
    return (OpenSince(*row) for row in engine.tuples(select, account=account_key))
