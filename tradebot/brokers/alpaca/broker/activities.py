"""What changed the account: fills, cash and splits, in the order in which Alpaca booked them.

An activity's id begins with the New York time of what it is about, not of when it was booked: the fees of a day come
that night and sort before its fills. Paging on from an id, as the API offers, would pass them over for ever. So the
days around the newest known activity are read again, and what was booked after it is what is new.

Shares that came or went without a trade or a split (transfers, spin-offs, mergers) are no activity here: the comparison
of ledger and broker finds them. A fill that the exchange took back is told on Alpaca's stream only, and gone from here;
that is found in the same way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tradebot.brokers.alpaca.broker.activity_rows import FILL, SPLIT, ActivityRow, row_of, time_in
from tradebot.brokers.alpaca.broker.option_symbols import is_option, unit_of
from tradebot.brokers.alpaca.broker.order_groups import OrderSender
from tradebot.brokers.alpaca.broker.order_parsing import side_of
from tradebot.brokers.alpaca.broker.order_queries import Listing
from tradebot.brokers.alpaca.broker.splits import splits_in
from tradebot.brokers.alpaca.json_fields import Fields, rows
from tradebot.brokers.http.api import Api
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill, SplitEvent, id_of
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable

#: Activities in one page, the most that the server gives.
PAGE = 100
#: How far before the newest known activity the days are read again.
OVERLAP = timedelta(days=3)
#: How much later than a newer one an activity may be shown.
LATE = timedelta(minutes=10)

_DIVIDEND = "DIV"
_EXECUTED = frozenset({"executed", "correct"})
#: What cash is, by the type of its activity.
_KINDS: Mapping[str, CashKind] = {
    **dict.fromkeys(("DIV", "DIVCGL", "DIVCGS", "DIVFT", "DIVNRA", "DIVROC"), CashKind.DIVIDEND),
    **dict.fromkeys(("DIVTW", "DIVTXEX", "DIVWH", "CGD", "WH"), CashKind.DIVIDEND),
    **dict.fromkeys(("FEE", "CFEE", "DIVFEE", "PTC", "PTR"), CashKind.FEE),
    **dict.fromkeys(("INT", "INTNRA", "INTTW", "INTPNL", "SWP"), CashKind.INTEREST),
    **dict.fromkeys(("CIL", "SPLIT", "SPIN", "MA", "REO", "REORG", "NC", "VOF"), CashKind.CASH_IN_LIEU),
}
_IN_LIEU = "CIL"
_PAID_IN = frozenset({"CSD", "CSW", "TRANS", "JNL", "JNLC", "ACATC"})

_LOG = logging.getLogger(__name__)


class Activities:
    """The activities of one account."""

    def __init__(self, api: Api, listing: Listing) -> None:
        self._api = api
        self._listing = listing
        self._newest_cursor: str | None = None
        self._newest: tuple[Sequence[ActivityRow], int | None] = ((), None)

    def after(self, cursor: str | None) -> tuple[Activity, ...]:
        """Those booked after the activity ``cursor``, or all there are.

        One that is gone since it was read, as a busted fill is, is taken for booked at the time that its id begins
        with. Raises BrokerUnavailable for an id that is none of Alpaca's.
        """
        found, place = self._look(cursor)
        if cursor is None or place is not None:
            return self._read(found if place is None else found[place + 1 :])
        at = time_in(cursor)
        return self._read([row for row in found if at is not None and row.booked > at])

    def late(self, cursor: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """What was booked shortly before the activity ``cursor`` and is not known: it was shown later than that one."""
        found, place = self._newest if self._newest_cursor == cursor else self._look(cursor)
        if place is None:
            return ()
        since = found[place].booked - LATE
        around = [row for row in found[:place] if row.booked >= since]
        told = self._read([row for row in around if row.kind != FILL or not is_known(row.id)])
        return tuple(activity for activity in told if not is_known(id_of(activity)))

    def _look(self, cursor: str | None) -> tuple[Sequence[ActivityRow], int | None]:
        """The rows around and after an activity and its place among them; without one all rows."""
        at = None if cursor is None else time_in(cursor)
        if cursor is not None and at is None:
            raise BrokerUnavailable(
                f"no activity of an Alpaca account is called {cursor}: the ledger has read another broker's account. "
                "Put the matching ledger back, or run `tradebot rebuild`."
            )
        for since in (None,) if at is None else (at - OVERLAP, None):
            found = self._rows(since)
            place = next((place for place, row in enumerate(found) if row.id == cursor), None)
            if place is not None:
                break
        self._newest_cursor, self._newest = cursor, (found, place)
        return found, place

    def _rows(self, since: datetime | None) -> Sequence[ActivityRow]:
        """Every row booked since then, in the order of booking; the server's own order for those booked together."""
        params = {"direction": "asc", "page_size": str(PAGE)}
        if since is not None:
            params["after"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        found: dict[str, ActivityRow] = {}
        while True:
            page = [row_of(raw) for raw in rows(self._api.read("/v2/account/activities", params), "activities")]
            news = [row for row in page if row.id not in found]
            found |= {row.id: row for row in news}
            if len(page) < PAGE:
                return sorted(found.values(), key=lambda row: row.booked)
            if not news:
                raise BrokerUnavailable("Alpaca gave the same page of activities twice; try again later.")
            params["page_token"] = page[-1].id

    def _read(self, found: Sequence[ActivityRow]) -> tuple[Activity, ...]:
        trades = [row for row in found if row.kind == FILL]
        symbols = {row.fields.text("order_id"): row.fields.text("symbol") for row in trades}
        senders = self._listing.senders(symbols)
        self._doubt([row for row in trades if row.fields.text("order_id") not in senders and not _is_of_option(row)])
        splits = splits_in(row for row in found if row.kind == SPLIT)
        return tuple(activity for row in found for activity in _activities(row, senders, splits))

    def _doubt(self, fills: Sequence[ActivityRow]) -> None:
        """Refuse new fills whose orders are not shown: they may be our own, and would be taken for a stranger's."""
        if not fills:
            return
        now = Fields(self._api.read("/v2/clock"), "the clock").instant("timestamp")
        for fill in fills:
            if abs(now - fill.booked) < OVERLAP:
                raise BrokerUnavailable(
                    f"Alpaca tells of fill {fill.id} and does not show yet whose order {fill.fields.text('order_id')} "
                    "is. No activity was taken in; try again in a minute."
                )


def _activities(
    row: ActivityRow, senders: Mapping[str, OrderSender], splits: Mapping[str, SplitEvent]
) -> Iterator[Activity]:
    """What one row amounts to; nothing, for one that moves neither cash nor shares that we know how to book."""
    if row.kind == FILL:
        yield _fill(row, senders)
        return
    if row.id in splits:
        yield splits[row.id]
    elif (row.fields.maybe_text("status") or "executed") in _EXECUTED:
        cash = row.fields.maybe_number("net_amount") or ZERO
        if cash != 0:
            yield _cash(row, cash)


def _is_of_option(row: ActivityRow) -> bool:
    """Then it is a stranger's; an order of several options has neither symbol nor side, and is passed over."""
    return is_option(row.fields.text("symbol"))


def _fill(row: ActivityRow, senders: Mapping[str, OrderSender]) -> Fill:
    """A fill; an old one of an order that Alpaca no longer knows has no client_order_id, and is nobody's."""
    sender = senders.get(row.fields.text("order_id"))
    return Fill(
        fill_id=row.id,
        broker_order_id=row.fields.text("order_id"),
        client_order_id=sender.client_order_id if sender else "",
        symbol=row.fields.text("symbol"),
        side=side_of(row.fields),
        quantity=row.fields.number("qty"),
        price=row.fields.number("price") * unit_of(row.fields.text("symbol")),
        fee=ZERO,  # Alpaca books them by themselves, some days later
        at=row.booked,
        session=new_york_date(row.booked),
        parent_client_order_id=sender.parent_client_order_id if sender else None,
    )


def _cash(row: ActivityRow, amount: Decimal) -> CashEvent:
    subtype = row.fields.maybe_text("activity_sub_type")
    told = row.fields.maybe_text("description") or ""
    return CashEvent(
        event_id=row.id,
        kind=_kind_of_cash(row.kind, subtype, amount),
        amount=amount,
        at=row.booked,
        session=row.day,
        symbol=row.fields.maybe_text("symbol"),
        note=" ".join(filter(None, (row.kind, subtype, told))),
    )


def _kind_of_cash(kind: str, subtype: str | None, amount: Decimal) -> CashKind:
    """What cash is. Of an unknown type it counts as paid in or out: as neither a gain nor a loss of trading."""
    if kind == _DIVIDEND and subtype == _IN_LIEU:
        return CashKind.CASH_IN_LIEU
    if kind in _KINDS:
        return _KINDS[kind]
    if kind not in _PAID_IN:
        _LOG.warning("cash of %s USD of the unknown type %s counts as paid in or out", amount, kind)
    return CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
