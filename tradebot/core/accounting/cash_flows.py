"""Deposits and withdrawals by the session whose closing equity shows them first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tradebot.core.model.account import CashEvent
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.values import ZERO


def flows_by_session(points: Sequence[EquityPoint], cash_events: Iterable[CashEvent]) -> dict[date, Decimal]:
    """Deposits less withdrawals by session, USD. Money that moved after a close is in the next one's equity.

    points: one a session, in order. Money that moved after the last of them is in none.
    """
    instants, flows = [point.at for point in points], dict[date, Decimal]()
    for event in cash_events:
        place = bisect_left(instants, event.at)
        if event.kind.is_external and place < len(points):
            session = points[place].session
            flows[session] = flows.get(session, ZERO) + event.amount
    return flows
