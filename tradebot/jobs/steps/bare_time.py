"""Records for how long shares of ours have no live stop: by each look, and where a job cancels a stop itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.safety.bare_time import BarePeriod, LookTimes, changes
from tradebot.core.safety.stop_coverage import Gap
from tradebot.jobs.desk import Desk

#: The longest time between two reads of an entry whose stop is ours to place.
BETWEEN_READS = timedelta(seconds=4)


def record_look(
    desk: Desk, session: date, gaps: Iterable[Gap], open_orders: Iterable[BrokerOrder], at: datetime
) -> None:
    """Begin and end bare periods by a look at the account. Call it before the look itself is stored."""
    ended, begun = _changes(desk, session, gaps, open_orders, at)
    for period in ended:
        desk.ledger.bare_periods.end(period, at)
    for period in begun:
        desk.ledger.bare_periods.begin(period, at)


def told_periods(
    desk: Desk,
    session: date,
    gaps: Iterable[Gap],
    open_orders: Iterable[BrokerOrder],
    period: tuple[date | None, date | None],
) -> tuple[BarePeriod, ...]:
    """The bare periods of the sessions of ``period``, first and last included, and those that a look now shows.

    Nothing is stored.
    """
    ended, begun = _changes(desk, session, gaps, open_orders, desk.clock.now())
    over = {each.key: each for each in ended}
    known = desk.ledger.bare_periods.between(*period)
    return (*(over.get(each.key, each) if each.ended_at is None else each for each in known), *begun)


def _changes(
    desk: Desk, session: date, gaps: Iterable[Gap], open_orders: Iterable[BrokerOrder], at: datetime
) -> tuple[tuple[BarePeriod, ...], tuple[BarePeriod, ...]]:
    """The standing periods that a look ends, and those that it begins."""
    periods, gaps = desk.ledger.bare_periods, tuple(gaps)
    standing = periods.standing()
    if not standing and not gaps:
        return (), ()
    lots = (lot for gap in gaps for lot in desk.ledger.books.lots(gap.symbol))
    opened: dict[str, datetime] = {}
    for lot in lots:
        opened[lot.symbol] = max(lot.opened_at, opened.get(lot.symbol, lot.opened_at))
    traded = {period.symbol: moment for period in standing if (moment := periods.last_trade(period.symbol))}
    look = LookTimes(session, at, periods.last_look(), opened, traded)
    return changes(standing, gaps, open_orders, look)


def begin_before_cancel(desk: Desk, planned: Intent) -> BarePeriod | None:
    """Begin the bare period of an exit, before the stop that holds its shares is cancelled; None if they are bare."""
    now, shares = desk.clock.now(), planned.request.quantity
    dollars = shares * planned.planned_price
    period = BarePeriod(planned.session, planned.strategy, planned.symbol, shares, dollars, now)
    return period if desk.ledger.bare_periods.begin(period, now) else None


def begin_after_fill(desk: Desk, entry: Intent, sent_at: datetime) -> None:
    """Begin the bare period of what an entry, sent at ``sent_at``, bought since it was read without a fill last."""
    now = desk.clock.now()
    dollars = entry.filled_quantity * (entry.average_fill_price or entry.planned_price)
    began = min(max(sent_at, now - BETWEEN_READS), now)
    period = BarePeriod(entry.session, entry.strategy, entry.symbol, entry.filled_quantity, dollars, began)
    desk.ledger.bare_periods.begin(period, now)


def end_with_stop(desk: Desk, entry: Intent) -> None:
    """End the bare period of what an entry bought: its stop was seen to rest."""
    now = desk.clock.now()
    for period in desk.ledger.bare_periods.standing():
        if period.key == (entry.strategy, entry.symbol):
            desk.ledger.bare_periods.end(replace(period, ended_at=max(now, period.began_at)), now)


def was_not_bare(desk: Desk, period: BarePeriod | None) -> None:
    """End a period that was begun before a cancel which had no effect, where it began."""
    if period is not None:
        desk.ledger.bare_periods.end(replace(period, ended_at=period.began_at), desk.clock.now())
