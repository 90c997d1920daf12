"""Account activities: fills, cash movements and splits, in the order in which Alpaca booked them.

The id of an activity begins with the New York time of the event, not of its booking. The fees of a day are booked that
night, but sort before its fills. Paging from an id, as the API offers, would miss them for ever. Therefore the days
around the newest known activity are read again, and everything booked after it is new.

A row that tells no activity, such as cash of a type that nobody knows, is passed over with a note: what it moved stays
a difference that reconciliation finds. A fill is never passed over: one whose order is not shown, or that cannot be
read, waits and is read again.

Shares that move without a trade or a split (transfers, spin-offs, mergers) are not read: reconciliation finds them. A
fill that the exchange takes back is reported on Alpaca's stream only and disappears here; reconciliation finds it too.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tradebot.brokers.alpaca.broker.activity_parsing import parse_cash_event, parse_fill
from tradebot.brokers.alpaca.broker.activity_rows import FILL, SPLIT, ActivityRow, parse_row, time_of_id
from tradebot.brokers.alpaca.broker.option_symbols import is_option
from tradebot.brokers.alpaca.broker.order_groups import OrderSender
from tradebot.brokers.alpaca.broker.order_queries import OrderQueries
from tradebot.brokers.alpaca.broker.splits import SplitRows, parse_splits
from tradebot.brokers.alpaca.json_fields import Fields, json_list
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import Activity, UnreadActivity, id_of
from tradebot.errors import BrokerUnavailable

#: Activities in one page, the most that the server gives.
PAGE_SIZE = 100
#: How far before the newest known activity the rows are read again, to find those that were told late. Fees come after
#: a night; dividends, corrections and what a broker forgot come within two weeks. A row that comes later than this is
#: found by the time at which it was booked, unless it has none.
OVERLAP = timedelta(days=14)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows around and after an activity, in the order of booking."""

    rows: Sequence[ActivityRow] = ()
    known: int = 0  # how many of them are booked no later than that activity
    unreadable: tuple[UnreadActivity, ...] = ()  # rows that have no place in the order

    @property
    def splits(self) -> Mapping[str, SplitRows]:
        """The splits by the id of the row that they stand at."""
        return {split.last.id: split for split in parse_splits(self.rows)}


class ActivityQueries:
    """The activities of one account."""

    def __init__(self, api: Api, orders: OrderQueries) -> None:
        self._api = api
        self._orders = orders
        self._last_cursor: str | None = None
        self._last = _Rows()
        self._unread: dict[str, UnreadActivity] = {}
        self._logged: set[UnreadActivity] = set()
        self._now: datetime | None = None  # of the server, where it was needed

    def after(self, cursor: str | None) -> tuple[Activity, ...]:
        """The activities booked after the one with id ``cursor``; all of them without a cursor.

        A cursor that has disappeared, as a busted fill does, counts as booked at the time in its id. Raises
        BrokerUnavailable when the cursor is no id of Alpaca's, or an answer is incomplete.
        """
        self._unread, self._now = {}, None
        self._last_cursor, self._last = cursor, self._rows_around(cursor)
        for unreadable in self._last.unreadable:
            self._leave(unreadable)
        return self._activities_of(self._last.rows[self._last.known :])

    def late(self, cursor: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """The unknown activities booked within OVERLAP before ``cursor``: they appeared later than it did."""
        if self._last_cursor != cursor:
            self.after(cursor)
        before = self._last.rows[: self._last.known]
        if not before:
            return ()
        since, splits = before[-1].booked_at - OVERLAP, self._last.splits
        recent = [row for row in before if row.booked_at >= since and not is_known(row.id)]
        told = {
            row.id for split in splits.values() if any(is_known(row.id) for row in split.rows) for row in split.rows
        }
        activities = self._activities_of([row for row in recent if row.id not in told])
        return tuple(activity for activity in activities if not is_known(id_of(activity)))

    def unread(self) -> tuple[UnreadActivity, ...]:
        """The rows of the last ``after``, and of ``late`` after it, that told no activity."""
        return tuple(self._unread.values())

    # --- requests --------------------------------------------------------------------------------

    def _rows_around(self, cursor: str | None) -> _Rows:
        """The rows around and after an activity; without a cursor all rows."""
        at = None if cursor is None else time_of_id(cursor)
        if cursor is not None and at is None:
            raise BrokerUnavailable(
                f"no activity of an Alpaca account is called {cursor}: the ledger has read another broker's account. "
                "Put the matching ledger back, or run `tradebot rebuild`."
            )
        if at is None:
            return self._fetch_rows(None)
        for since in (at - OVERLAP, None):
            read = self._fetch_rows(since)
            position = next((position for position, row in enumerate(read.rows) if row.id == cursor), None)
            if position is not None:
                return replace(read, known=position + 1)
        return replace(read, known=bisect_right(read.rows, at, key=lambda row: row.booked_at))

    def _fetch_rows(self, since: datetime | None) -> _Rows:
        """Every row booked since then, in the order of booking, and those of one instant by id."""
        params = {"direction": "asc", "page_size": str(PAGE_SIZE)}
        if since is not None:
            params["after"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        rows: dict[str, ActivityRow] = {}
        unreadable: dict[str, UnreadActivity] = {}
        while True:
            page = json_list(self._api.read("/v2/account/activities", params), "activities")
            before = len(rows) + len(unreadable)
            for raw in page:
                row = _parse_row(raw)
                if isinstance(row, ActivityRow):
                    rows.setdefault(row.id, row)
                else:
                    unreadable.setdefault(row.row_id, row)
            if len(page) < PAGE_SIZE:
                in_order = sorted(rows.values(), key=lambda row: (row.booked_at, row.id))
                return _Rows(in_order, unreadable=tuple(unreadable.values()))
            if len(rows) + len(unreadable) == before:
                raise BrokerUnavailable("Alpaca gave the same page of activities twice; try again later.")
            params["page_token"] = Fields(page[-1], "the last activity of a page").text("id")

    # --- rows to activities ----------------------------------------------------------------------

    def _activities_of(self, rows: Sequence[ActivityRow]) -> tuple[Activity, ...]:
        senders = self._senders([row for row in rows if row.kind == FILL])
        splits = self._last.splits
        activities: list[Activity] = []
        for row in rows:
            try:
                activities += self._parse(row, senders, splits)
            except BrokerUnavailable as unreadable:
                is_fill = row.kind == FILL
                waits = is_fill and not self._is_history(row)
                self._leave(UnreadActivity(row.id, str(unreadable), waits, row.maybe_text("symbol"), is_fill))
        return tuple(activities)

    def _parse(
        self, row: ActivityRow, senders: Mapping[str, OrderSender | None], splits: Mapping[str, SplitRows]
    ) -> list[Activity]:
        """The activities of a row. Raises BrokerUnavailable for one that cannot be read."""
        if row.kind == FILL:
            if row.id in senders:
                return [parse_fill(row, senders[row.id])]
            what = f"fill {row.id} of {row.fields.text('qty')} {row.fields.text('symbol')}"
            why = f"{what} waits: Alpaca does not show yet whose order {row.fields.text('order_id')} is."
            self._leave(UnreadActivity(row.id, why, waits=True, symbol=row.maybe_text("symbol"), is_fill=True))
            return []
        found: list[Activity] = []
        if row.kind == SPLIT and (split := splits.get(row.id)) is not None:
            if split.event is not None:
                found.append(split.event)
            else:
                symbol = row.maybe_text("symbol")
                why = f"a split of {symbol} waits: its rows do not tell the shares before and after."
                self._leave(UnreadActivity(row.id, why, not self._is_history(row), symbol))
        cash = parse_cash_event(row)
        if isinstance(cash, UnreadActivity):
            self._leave(cash)
        elif cash is not None:
            found.append(cash)
        return found

    def _senders(self, fills: Sequence[ActivityRow]) -> Mapping[str, OrderSender | None]:
        """Who sent the orders of fills, by the id of the fill; absent where it is not known yet.

        None stands for nobody that is known: an order of several options is not parsed, and Alpaca may no longer show
        the order of a fill that is older than OVERLAP where all activities are read.
        """
        orders = {row.id: order for row in fills if (order := row.maybe_text("order_id"))}
        symbols = {orders[row.id]: row.maybe_text("symbol") or "" for row in fills if row.id in orders}
        shown = self._orders.senders(symbols)
        senders: dict[str, OrderSender | None] = {
            fill: shown[order] for fill, order in orders.items() if order in shown
        }
        missing = [row for row in fills if row.id not in senders]
        senders |= {row.id: None for row in missing if is_option(row.maybe_text("symbol") or "")}
        return senders | {row.id: None for row in missing if row.maybe_text("order_id") and self._is_history(row)}

    def _is_history(self, row: ActivityRow) -> bool:
        """Whether a row is older than OVERLAP where all activities are read, as for a new ledger."""
        if self._last_cursor is not None:
            return False
        if self._now is None:
            self._now = Fields(self._api.read("/v2/clock"), "the clock").instant("timestamp")
        return abs(self._now - row.booked_at) > OVERLAP

    def _leave(self, unread: UnreadActivity) -> None:
        if unread not in self._logged:
            _LOG.warning("activity %s: %s", unread.row_id or "without an id", unread.why)
            self._logged.add(unread)
        self._unread[unread.row_id] = unread


def _parse_row(raw: Json) -> ActivityRow | UnreadActivity:
    """The row, or why it has no place in the order of booking."""
    try:
        return parse_row(raw)
    except BrokerUnavailable as unreadable:
        told = raw if isinstance(raw, dict) else {}
        identifier = told.get("id")
        return UnreadActivity(
            identifier if isinstance(identifier, str) else "", str(unreadable), waits=told.get("activity_type") == FILL
        )
