"""What moved cash or shares in the account, from the lists that Robinhood has for each kind.

Ids begin with the time by which activities are sorted, so that the rows around a cursor are found without another list.
Orders are asked for by when they changed, so that an execution that is told late is found whatever its time. The other
lists take no time: they are read, newest first, as far as they matter, and again when the account's cash has changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.brokers.http.api import Api, ReadRefused
from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.broker import activity_parsing as parsing
from tradebot.brokers.robinhood.broker.activity_parsing import Booked, Reader, RowContext, time_of_id
from tradebot.brokers.robinhood.broker.order_queries import OrderQueries
from tradebot.brokers.robinhood.instruments import InstrumentBook
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.brokers.robinhood.pages import PAGE_SIZE, read_pages
from tradebot.core.model.account import Activity, CashEvent, UnreadActivity
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable
from tradebot.ports import Clock

#: How far before the newest known activity others may appear late. A transfer is sorted by when it was begun.
OVERLAP = timedelta(days=45)
#: How far before it orders are read: they are listed by when they changed, which no order does late.
_ORDER_OVERLAP = timedelta(days=2)
#: A page whose rows are all this much older than what is asked for ends a list that is told newest first.
_READ_BEYOND = timedelta(days=365)
#: For how long the lists of payments are used again while the account's cash stays the same.
_FRESH_FOR = timedelta(minutes=1)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _List:
    """A list of payments."""

    path: str
    read: Reader
    time_name: str  # the field by which it is sorted
    is_optional: bool = False  # not every account has it: a refusal is taken as an empty list
    transfers: bool = False  # on the host of transfers


_LISTS = (
    _List(addresses.DIVIDENDS, parsing.parse_dividend, "payable_date"),
    _List(addresses.SPLIT_PAYMENTS, parsing.parse_split, "paid_at"),
    _List(addresses.TRANSFERS, parsing.parse_transfer, "created_at", transfers=True),
    _List(addresses.CASH_SWEEPS, parsing.parse_sweep, "pay_date", is_optional=True),
    _List(addresses.MARGIN_INTEREST, parsing.parse_margin_interest, "created_at", is_optional=True),
    _List(addresses.SUBSCRIPTION_FEES, parsing.parse_subscription_fee, "created_at", is_optional=True),
    _List(addresses.STOCK_LOANS, parsing.parse_stock_loan, "created_at", is_optional=True),
)


class ActivityQueries:
    """The activities of one account."""

    def __init__(
        self,
        api: Api,
        transfers: Api,
        account: str,
        orders: OrderQueries,
        instruments: InstrumentBook,
        clock: Clock,
    ) -> None:
        self._api = api
        self._transfers = transfers
        self._account = account
        self._orders = orders
        self._instruments = instruments
        self._clock = clock
        self._cursor: str | None = None
        self._rows: tuple[Booked, ...] | None = None  # of the last read
        self._unread: dict[str, UnreadActivity] = {}
        self._logged: set[str] = set()
        self._payments: tuple[Booked, ...] = ()
        self._payments_from: datetime | None = None  # how far back they were read; None: to the beginning
        self._payments_at: datetime | None = None  # when they were read; None: they must be read
        self._cash: Decimal | None = None  # of the account when it was looked at last

    def after(self, cursor: str | None) -> tuple[Activity, ...]:
        """The activities after the one with id ``cursor``; all of them without a cursor.

        Raises BrokerUnavailable when the cursor is no id of ours, or a list cannot be read whole.
        """
        at = None if cursor is None else time_of_id(cursor)
        if cursor is not None and at is None:
            raise BrokerUnavailable(
                f"no activity of a Robinhood account is called {cursor}: the ledger has read another broker's account. "
                "Put the matching ledger back, or run `tradebot rebuild`."
            )
        self._unread = {}
        self._cursor, self._rows = cursor, self._read(at)
        return self._told(row for row in self._rows if cursor is None or row.id > cursor)

    def late(self, cursor: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """The unknown activities within OVERLAP before ``cursor``: they appeared later than it did."""
        if self._rows is None or self._cursor != cursor:
            self.after(cursor)
        assert self._rows is not None, "the account was read"
        at = time_of_id(cursor)
        since = "" if at is None else parsing.activity_id(at - OVERLAP, "", "")
        return self._told(row for row in self._rows if since <= row.id <= cursor and not is_known(row.id))

    def unread(self) -> tuple[UnreadActivity, ...]:
        """The rows of the last ``after``, and of ``late`` after it, that told no activity."""
        return tuple(self._unread.values())

    def paid_in_since(self, first: date) -> Mapping[date, Decimal]:
        """Deposits less withdrawals by New York date, from ``first`` on. Leaves the last ``after`` as it is."""
        sums: dict[date, Decimal] = {}
        for row in self._payments_since(start_of_day(first)):
            done = row.activity
            if isinstance(done, CashEvent) and done.kind.is_external and done.session >= first:
                sums[done.session] = sums.get(done.session, ZERO) + done.amount
        return sums

    def note_cash(self, cash: Decimal) -> None:
        """Learn the account's cash. Where it has changed, the lists of payments are read again."""
        if cash != self._cash:
            self._cash, self._payments_at = cash, None

    # --- rows ------------------------------------------------------------------------------------

    def _told(self, rows: Iterable[Booked]) -> tuple[Activity, ...]:
        """The activities of rows. What tells none is noted, and logged once."""
        activities: list[Activity] = []
        for row in rows:
            if not isinstance(row.activity, UnreadActivity):
                activities.append(row.activity)
                continue
            if row.id not in self._logged:
                _LOG.warning("activity %s: %s", row.id, row.activity.why)
                self._logged.add(row.id)
            self._unread[row.id] = row.activity
        return tuple(activities)

    def _read(self, at: datetime | None) -> tuple[Booked, ...]:
        """The rows around and after an instant, or all of them, each once, in the order of their ids."""
        fills = self._read_fills(None if at is None else at - _ORDER_OVERLAP)
        booked = {row.id: row for row in (*self._payments_since(at), *fills)}
        return tuple(booked[identifier] for identifier in sorted(booked))

    def _payments_since(self, at: datetime | None) -> tuple[Booked, ...]:
        """What is told of payments around and after an instant, or of all."""
        since = None if at is None else at - OVERLAP
        if not self._has_payments(since):
            self._payments = tuple(self._read_payments(since))
            self._payments_from, self._payments_at = since, self._clock.now()
        return self._payments

    def _has_payments(self, since: datetime | None) -> bool:
        """Whether the payments that were read reach far enough back and are fresh."""
        reach = self._payments_from is None or (since is not None and since >= self._payments_from)
        fresh = self._payments_at is not None and abs(self._clock.now() - self._payments_at) <= _FRESH_FOR
        return reach and fresh

    def _read_fills(self, since: datetime | None) -> list[Booked]:
        rows = [row for row in self._orders.rows_since(since) if row.executions]
        # A position tells its symbol of today. Shares that left it under an older one would seem to be others.
        named = self._orders.with_ids(rows, of_today=True)
        return [parsing.parse_fill(row, execution, *named[row.id]) for row in rows for execution in row.executions]

    def _read_payments(self, since: datetime | None) -> Iterable[Booked]:
        lists = [(each, self._read_list(each, since)) for each in _LISTS]
        named = self._instruments.by_id(_instruments_of(row for _, rows in lists for row in rows))
        symbols = {identifier: instrument.symbol for identifier, instrument in named.items()}
        context = RowContext(self._account, symbols, self._clock.now())
        for each, rows in lists:
            for raw in rows:
                if (booked := _parse(each, raw, context)) is not None:
                    yield booked

    def _read_list(self, each: _List, since: datetime | None) -> list[Json]:
        """The rows of a list, as far back as they matter."""
        api = self._transfers if each.transfers else self._api
        params = {"account_numbers": self._account, "page_size": PAGE_SIZE}
        rows: list[Json] = []
        try:
            for page in read_pages(api, each.path, params, each.path):
                rows += page
                if since is not None and page and all(_is_before(row, each, since - _READ_BEYOND) for row in page):
                    break
        except ReadRefused as refused:
            if not each.is_optional:
                raise
            if each.path not in self._logged:
                _LOG.warning("what moved cash by %s is not told: %s", each.path, refused)
                self._logged.add(each.path)
        return rows


def _parse(each: _List, raw: Json, context: RowContext) -> Booked | None:
    """The activity of a row. One that cannot be read moves nothing here and is told."""
    try:
        return each.read(raw, context)
    except BrokerUnavailable as unreadable:
        told = raw.get("id") if isinstance(raw, dict) else None
        at = _time(raw, each) or context.now
        identifier = parsing.activity_id(at, "unread", told if isinstance(told, str) else each.path)
        return Booked(identifier, UnreadActivity(identifier, str(unreadable), waits=False))


def _instruments_of(rows: Iterable[Json]) -> list[str]:
    """The ids of the instruments that rows name, where they can be read."""
    found: list[str] = []
    for raw in rows:
        if not isinstance(raw, dict):
            continue
        split = raw.get("split")
        for names, name in ((raw, "instrument"), (split if isinstance(split, dict) else {}, "new_instrument")):
            if name in names or f"{name}_id" in names:
                try:
                    found.append(Fields(names, "a payment").id_of(name))
                except BrokerUnavailable:
                    continue  # its row is told as unread
    return found


def _is_before(raw: Json, each: _List, moment: datetime) -> bool:
    at = _time(raw, each)
    return at is not None and at < moment


def _time(raw: Json, each: _List) -> datetime | None:
    """The time by which a row is sorted; None where it cannot be read."""
    try:
        return parsing.row_time(Fields(raw, "a payment"), each.time_name)
    except BrokerUnavailable:
        return None
