"""Account activities: fills, cash movements and splits, in the order in which Alpaca booked them.

The id of an activity begins with the New York time of the event, not of its booking. The fees of a day are booked that
night, but sort before its fills. Paging from an id, as the API offers, would miss them for ever. Therefore the days
around the newest known activity are read again, and everything booked after it is new.

Shares that move without a trade or a split (transfers, spin-offs, mergers) are not read: reconciliation finds them. A
fill that the exchange takes back is reported on Alpaca's stream only and disappears here; reconciliation finds it too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tradebot.brokers.alpaca.broker.activity_rows import FILL, SPLIT, ActivityRow, parse_row, time_of_id
from tradebot.brokers.alpaca.broker.option_symbols import contract_size, is_option
from tradebot.brokers.alpaca.broker.order_groups import OrderSender
from tradebot.brokers.alpaca.broker.order_parsing import parse_side
from tradebot.brokers.alpaca.broker.order_queries import OrderQueries
from tradebot.brokers.alpaca.broker.splits import parse_splits
from tradebot.brokers.alpaca.json_fields import Fields, json_list
from tradebot.brokers.http.api import Api
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill, SplitEvent, id_of
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable

#: Activities in one page, the most that the server gives.
PAGE_SIZE = 100
#: How far before the newest known activity the rows are read again.
OVERLAP = timedelta(days=3)
#: How much later than a newer activity an activity may appear.
LATE = timedelta(minutes=10)

_DIVIDEND = "DIV"
_EXECUTED = frozenset({"executed", "correct"})
_CASH_KINDS: Mapping[str, CashKind] = {  # by activity type
    **dict.fromkeys(("DIV", "DIVCGL", "DIVCGS", "DIVFT", "DIVNRA", "DIVROC"), CashKind.DIVIDEND),
    **dict.fromkeys(("DIVTW", "DIVTXEX", "DIVWH", "CGD", "WH"), CashKind.DIVIDEND),
    **dict.fromkeys(("FEE", "CFEE", "DIVFEE", "PTC", "PTR"), CashKind.FEE),
    **dict.fromkeys(("INT", "INTNRA", "INTTW", "INTPNL", "SWP"), CashKind.INTEREST),
    **dict.fromkeys(("CIL", "SPLIT", "SPIN", "MA", "REO", "REORG", "NC", "VOF"), CashKind.CASH_IN_LIEU),
}
_IN_LIEU = "CIL"
_PAID_IN = frozenset({"CSD", "CSW", "TRANS", "JNL", "JNLC", "ACATC"})

_LOG = logging.getLogger(__name__)


class ActivityQueries:
    """The activities of one account."""

    def __init__(self, api: Api, orders: OrderQueries) -> None:
        self._api = api
        self._orders = orders
        self._last_cursor: str | None = None
        self._last_rows: tuple[Sequence[ActivityRow], int | None] = ((), None)

    def after(self, cursor: str | None) -> tuple[Activity, ...]:
        """The activities booked after the one with id ``cursor``; all of them without a cursor.

        A cursor that has disappeared, as a busted fill does, counts as booked at the time in its id. Raises
        BrokerUnavailable when the cursor is no id of Alpaca's, or an answer is incomplete.
        """
        rows, position = self._rows_around(cursor)
        if cursor is None or position is not None:
            return self._as_activities(rows if position is None else rows[position + 1 :])
        at = time_of_id(cursor)
        return self._as_activities([row for row in rows if at is not None and row.booked_at > at])

    def late(self, cursor: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """The unknown activities booked within LATE before ``cursor``: they appeared later than it did."""
        rows, position = self._last_rows if self._last_cursor == cursor else self._rows_around(cursor)
        if position is None:
            return ()
        since = rows[position].booked_at - LATE
        recent = [row for row in rows[:position] if row.booked_at >= since]
        activities = self._as_activities([row for row in recent if row.kind != FILL or not is_known(row.id)])
        return tuple(activity for activity in activities if not is_known(id_of(activity)))

    def _rows_around(self, cursor: str | None) -> tuple[Sequence[ActivityRow], int | None]:
        """The rows around and after an activity, and its position among them; without a cursor all rows."""
        at = None if cursor is None else time_of_id(cursor)
        if cursor is not None and at is None:
            raise BrokerUnavailable(
                f"no activity of an Alpaca account is called {cursor}: the ledger has read another broker's account. "
                "Put the matching ledger back, or run `tradebot rebuild`."
            )
        for since in (None,) if at is None else (at - OVERLAP, None):
            rows = self._fetch_rows(since)
            position = next((position for position, row in enumerate(rows) if row.id == cursor), None)
            if position is not None:
                break
        self._last_cursor, self._last_rows = cursor, (rows, position)
        return rows, position

    def _fetch_rows(self, since: datetime | None) -> Sequence[ActivityRow]:
        """Every row booked since then, in the order of booking; rows of one instant in the server's order."""
        params = {"direction": "asc", "page_size": str(PAGE_SIZE)}
        if since is not None:
            params["after"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        rows: dict[str, ActivityRow] = {}
        while True:
            content = self._api.read("/v2/account/activities", params)
            page = [parse_row(raw) for raw in json_list(content, "activities")]
            new = [row for row in page if row.id not in rows]
            rows |= {row.id: row for row in new}
            if len(page) < PAGE_SIZE:
                return sorted(rows.values(), key=lambda row: row.booked_at)
            if not new:
                raise BrokerUnavailable("Alpaca gave the same page of activities twice; try again later.")
            params["page_token"] = page[-1].id

    def _as_activities(self, rows: Sequence[ActivityRow]) -> tuple[Activity, ...]:
        fills = [row for row in rows if row.kind == FILL]
        symbols = {row.fields.text("order_id"): row.fields.text("symbol") for row in fills}
        senders = self._orders.senders(symbols)
        unknown = [row for row in fills if row.fields.text("order_id") not in senders and not _is_of_option(row)]
        self._refuse_new(unknown)
        splits = parse_splits(row for row in rows if row.kind == SPLIT)
        return tuple(activity for row in rows for activity in _parse_activity(row, senders, splits))

    def _refuse_new(self, fills: Sequence[ActivityRow]) -> None:
        """Raise BrokerUnavailable for a new fill without a sender: if it is our own, it would be booked as foreign."""
        if not fills:
            return
        now = Fields(self._api.read("/v2/clock"), "the clock").instant("timestamp")
        for fill in fills:
            if abs(now - fill.booked_at) < OVERLAP:
                raise BrokerUnavailable(
                    f"Alpaca tells of fill {fill.id} and does not show yet whose order {fill.fields.text('order_id')} "
                    "is. No activity was taken in; try again in a minute."
                )


def _parse_activity(
    row: ActivityRow, senders: Mapping[str, OrderSender], splits: Mapping[str, SplitEvent]
) -> Iterator[Activity]:
    """The activity of a row; none for a row that moves no cash, and no shares by a trade or a split."""
    if row.kind == FILL:
        yield _fill(row, senders)
        return
    if row.id in splits:
        yield splits[row.id]
    elif (row.fields.maybe_text("status") or "executed") in _EXECUTED:
        amount = row.fields.maybe_number("net_amount") or ZERO
        if amount != 0:
            yield _cash_event(row, amount)


def _is_of_option(row: ActivityRow) -> bool:
    """Whether a fill is an option's, and so foreign. An order of several options is not parsed, so it has no sender."""
    return is_option(row.fields.text("symbol"))


def _fill(row: ActivityRow, senders: Mapping[str, OrderSender]) -> Fill:
    """A fill. Without a sender, as for an old order that Alpaca no longer shows, its client_order_id is empty."""
    sender = senders.get(row.fields.text("order_id"))
    return Fill(
        fill_id=row.id,
        broker_order_id=row.fields.text("order_id"),
        client_order_id=sender.client_order_id if sender else "",
        symbol=row.fields.text("symbol"),
        side=parse_side(row.fields),
        quantity=row.fields.number("qty"),
        price=row.fields.number("price") * contract_size(row.fields.text("symbol")),
        fee=ZERO,  # Alpaca books fees as activities of their own, some days later
        at=row.booked_at,
        session=new_york_date(row.booked_at),
        parent_client_order_id=sender.parent_client_order_id if sender else None,
    )


def _cash_event(row: ActivityRow, amount: Decimal) -> CashEvent:
    subtype = row.fields.maybe_text("activity_sub_type")
    description = row.fields.maybe_text("description") or ""
    return CashEvent(
        event_id=row.id,
        kind=_cash_kind(row.kind, subtype, amount),
        amount=amount,
        at=row.booked_at,
        session=row.day,
        symbol=row.fields.maybe_text("symbol"),
        note=" ".join(filter(None, (row.kind, subtype, description))),
    )


def _cash_kind(kind: str, subtype: str | None, amount: Decimal) -> CashKind:
    """The kind of a cash movement. An unknown type counts as a deposit or a withdrawal, so as no gain or loss."""
    if kind == _DIVIDEND and subtype == _IN_LIEU:
        return CashKind.CASH_IN_LIEU
    if kind in _CASH_KINDS:
        return _CASH_KINDS[kind]
    if kind not in _PAID_IN:
        _LOG.warning("cash of %s USD of the unknown type %s counts as paid in or out", amount, kind)
    return CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
