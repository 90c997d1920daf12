"""The months of a period: how the account changed, and what closed trades earned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradebot.core.accounting.cash_flows import flows_by_session
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account import CashEvent
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A calendar month of the period, USD."""

    month: date  # its first day
    sessions: int
    change: Decimal  # of the closing equity, without what was paid in and out
    paid: Decimal  # deposits less withdrawals
    trades: int  # closed
    realised: Decimal  # P&L of the closed trades, after fees
    fees: Decimal  # of the closed trades


def month_lines(
    base: Decimal,
    points: Sequence[EquityPoint],
    cash_events: Iterable[CashEvent],
    closed: Mapping[date, Totals],
) -> tuple[MonthLine, ...]:
    """A line for each month with a session.

    base: the equity before ``points``, which are by session.
    closed: the totals of the round trips that ended in a month, by its first day.
    """
    closes: dict[date, list[Decimal]] = {}
    for point in points:
        closes.setdefault(_month(point.session), []).append(point.equity)
    paid: dict[date, Decimal] = {}
    for session, amount in flows_by_session(points, cash_events).items():
        paid[_month(session)] = paid.get(_month(session), ZERO) + amount
    lines = []
    for month, equities in closes.items():
        flow, ended = paid.get(month, ZERO), closed.get(month)
        lines.append(
            MonthLine(
                month,
                len(equities),
                equities[-1] - base - flow,
                flow,
                ended.trades if ended else 0,
                ended.pnl if ended else ZERO,
                ended.fees if ended else ZERO,
            )
        )
        base = equities[-1]
    return tuple(lines)


def _month(day: date) -> date:
    return day.replace(day=1)
