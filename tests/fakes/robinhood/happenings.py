"""What has changed the account so far, as the exchange booked it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from tradebot.brokers.paper.orders import parse_number
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import Activity, CashEvent, Fill, FillBust, SplitEvent


class Happenings:
    """The fills by the number of their order, and cash events and splits in order.

    A fill that is busted is gone from the executions of its order. That Robinhood tells it so is a guess.
    """

    def __init__(self) -> None:
        self._upto = 0
        self._orders_of: dict[str, int] = {}
        self.fills: defaultdict[int, list[Fill]] = defaultdict(list)
        self.cash: list[CashEvent] = []
        self.splits: list[SplitEvent] = []

    def follow(self, paper: ExchangeView) -> None:
        """Take in what has happened since."""
        newest = paper.store.newest_activity()
        if newest == self._upto:
            return
        for done in paper.store.activities(self._upto):
            self._take(done)
        self._upto = newest

    def filled_at(self, number: int) -> datetime | None:
        """When an order was last filled."""
        fills = self.fills.get(number)
        return fills[-1].at if fills else None

    def _take(self, done: Activity) -> None:
        match done:
            case Fill():
                number = parse_number(done.broker_order_id, "O") or 0
                self._orders_of[done.fill_id] = number
                self.fills[number].append(done)
            case CashEvent():
                self.cash.append(done)
            case SplitEvent():
                self.splits.append(done)
            case FillBust():
                number = self._orders_of.pop(done.fill_id)
                self.fills[number] = [fill for fill in self.fills[number] if fill.fill_id != done.fill_id]
