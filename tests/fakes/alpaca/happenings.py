"""The account's activities as Alpaca tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca.names import Names
from tests.fakes.alpaca.notation import instant, number
from tradebot.brokers.paper.orders import parse_number
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill, FillBust, SplitEvent
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.values import ONE, ZERO

_Kinds = tuple[str, str | None]  # an activity's type and its subtype
_CASH: dict[CashKind, _Kinds] = {
    CashKind.DEPOSIT: ("CSD", None),
    CashKind.WITHDRAWAL: ("CSW", None),
    CashKind.DIVIDEND: ("DIV", "CDIV"),
    CashKind.CASH_IN_LIEU: ("DIV", "CIL"),
    CashKind.FEE: ("FEE", None),
    CashKind.INTEREST: ("INT", None),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of the activities. ``at`` is when it was booked."""

    at: datetime
    json: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.json["id"])

    @property
    def kind(self) -> str:
        return str(self.json["activity_type"])


class Happenings:
    """Every activity so far, in the order in which they were booked.

    An id begins with a time of New York: that of a fill, or the beginning of the day that anything else is about, so
    that by their ids the fees of a day come before its fills. Fills of one instant have ids a millisecond apart.
    However still the exchange's clock stands, no two are booked in the same microsecond.
    """

    def __init__(self, names: Names, renames: Mapping[str, str]) -> None:
        self._names = names
        self._renames = renames
        self._upto = 0
        self._free: dict[datetime, datetime] = {}
        self._booked: datetime | None = None
        self._fills: dict[str, Fill] = {}
        self.rows: list[Happening] = []
        self.filled: defaultdict[int, Decimal] = defaultdict(Decimal)
        self.filled_at: dict[int, datetime] = {}

    def follow(self, paper: ExchangeView) -> None:
        """Take in what has happened since."""
        newest = paper.store.newest_activity()
        if newest == self._upto:
            return
        for done in paper.store.activities(self._upto):
            self._take(paper, done)
        self._upto = newest

    def _take(self, paper: ExchangeView, done: Activity) -> None:
        match done:
            case Fill():
                self._fill(paper, done)
            case CashEvent():
                self._cash(done)
            case SplitEvent():
                self._split(done)
            case FillBust():
                self._bust(done)

    def _fill(self, paper: ExchangeView, fill: Fill) -> None:
        order_number = parse_number(fill.broker_order_id, "O") or 0
        order = paper.store.order(order_number)
        assert order is not None, "a fill has an order"
        self._fills[fill.fill_id] = fill
        self.filled[order_number] += fill.quantity
        self.filled_at[order_number] = fill.at
        cumulated = self.filled[order_number]
        leaves = max(order.quantity - cumulated, ZERO)
        activity = parse_number(fill.fill_id, "A") or 0
        self._add(
            activity,
            "fill",
            fill.at,
            {
                "activity_type": "FILL",
                "cum_qty": number(cumulated),
                "leaves_qty": number(leaves),
                "order_id": self._names.order(order_number),
                "order_status": "partially_filled" if leaves else "filled",
                "price": number(fill.price),
                "qty": number(fill.quantity),
                "side": fill.side.value,
                "symbol": self._renames.get(fill.symbol, fill.symbol),
                "type": "partial_fill" if leaves else "fill",
            },
        )
        if fill.fee:
            words = f"commission for {number(fill.quantity)} {fill.symbol}"
            self._no_trade(activity, "fee", fill.at, ("FEE", None), -fill.fee, {"description": words})

    def _cash(self, event: CashEvent) -> None:
        more: dict[str, Any] = {"description": event.note}
        if event.symbol is not None:
            more["symbol"] = event.symbol
        if event.kind is CashKind.DIVIDEND:
            held, _, rate = event.note.partition(" shares at ")
            more |= {"qty": held, "per_share_amount": rate}
        self._no_trade(parse_number(event.event_id, "A") or 0, "cash", event.at, _CASH[event.kind], event.amount, more)

    def _split(self, split: SplitEvent) -> None:
        """The old shares go and the new ones come: two rows that belong together."""
        activity, subtype = parse_number(split.event_id, "A") or 0, "FSPLIT" if split.ratio > ONE else "RSPLIT"
        group = self._names.activity(activity, "group")
        for part, quantity in (("old", -split.quantity_before), ("new", split.quantity_after)):
            more = {"symbol": split.symbol, "qty": number(quantity), "group_id": group}
            self._no_trade(activity, part, split.at, ("SPLIT", subtype), ZERO, more)

    def _bust(self, bust: FillBust) -> None:
        """Alpaca tells a bust on its stream only: here the fill is gone, and its fee with it."""
        fill = self._fills.pop(bust.fill_id)
        order_number = parse_number(fill.broker_order_id, "O") or 0
        self.filled[order_number] -= fill.quantity
        activity = parse_number(fill.fill_id, "A") or 0
        gone = {self._names.activity(activity, part) for part in ("fill", "fee")}
        self.rows = [row for row in self.rows if row.id.partition("::")[2] not in gone]

    def _no_trade(
        self, activity: int, part: str, at: datetime, kinds: _Kinds, amount: Decimal, more: dict[str, Any]
    ) -> None:
        kind, subtype = kinds
        said = {
            "activity_type": kind,
            "date": at.astimezone(NEW_YORK).date().isoformat(),
            "net_amount": number(amount),
            "currency": "USD",
            "status": "executed",
        }
        if subtype is not None:
            said["activity_sub_type"] = subtype
        self._add(activity, part, at, said | more)

    def _add(self, activity: int, part: str, at: datetime, said: dict[str, Any]) -> None:
        wall = at.astimezone(NEW_YORK)
        if "date" in said:
            wall = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        wall = max(wall, self._free.get(wall.replace(microsecond=0), wall))
        self._free[wall.replace(microsecond=0)] = wall + timedelta(milliseconds=1)
        stamp = f"{wall:%Y%m%d%H%M%S}{wall.microsecond // 1000:03d}"
        self._booked = max(at, self._booked + timedelta(microseconds=1)) if self._booked else at
        told = {"created_at" if "date" in said else "transaction_time": instant(self._booked)}
        identifier = f"{stamp}::{self._names.activity(activity, part)}"
        self.rows.append(Happening(self._booked, {"id": identifier, **said, **told}))
