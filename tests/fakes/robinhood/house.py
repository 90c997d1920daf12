"""The brokerage behind the server: the embedded exchange, and what Robinhood keeps beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tests.fakes.robinhood.happenings import Happenings
from tests.fakes.robinhood.names import Names
from tradebot.brokers.paper import PaperBroker, PaperExchange, row_codec
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar

Submit = Callable[[PaperExchange, OrderRequest], BrokerOrder]


class Repeated(StrEnum):
    """What becomes of an order whose ref_id has been used. Which of them is so over REST is not known."""

    CONFLICT = "409"  # captured of the sibling service for agents: "Reference ID must be unique"
    EXISTS = "400"  # captured of the crypto service in 2019: a field error, "already exists"
    RETURNED = "first order"  # what the official schema's words promise: the first order is returned
    SECOND = "second order"  # the ref_id means nothing: a second order is made


def submit(exchange: PaperExchange, request: OrderRequest) -> BrokerOrder:
    return PaperBroker(exchange).submit(request)


@dataclass
class Terms:
    """What differs between accounts at Robinhood, and what nobody knows of it.

    Orders: ``repeated`` is what becomes of a ref_id that has been used. ``null_refs``: each so-manieth order shows no
    ref_id (0: none, 1: all). ``list_lag`` is how many seconds pass until a new order is in a list; ``position_lag``
    until the shares that it holds are told. ``unconfirmed_reads``: in how many answers an order is still unconfirmed
    after the one to its sender. ``slow_cancels``: for how many requests an order that is to be cancelled is pending.
    ``far_limit``: a limit further from the price, as a fraction of it, is taken and then rejected. ``cancel_links``:
    whether open orders show an address to cancel them. ``rest_word``: the state of what was filled in part and then
    cancelled. ``client_id`` gives the exchange's id for an order by the request's body. ``submit`` takes an order in.

    Lists: ``page_rows`` is how many rows a page has at most; ``next_host`` is the address that ``next`` is told with.

    Account: ``kind`` is margin or cash; ``retirement`` is where an account for the retirement comes in the list:
    "first", "last", or "none". ``account`` and ``instruments`` (by symbol) are told in place of what would be told.

    Prices: ``spread`` is what bid and ask are off the last price. ``five_years``: "given", "null", or "a year" for a
    request of five years that is answered with one. ``todays_candle``: "after the close" or "from the open".
    ``quotes_missing`` and ``left_out`` are symbols whose quote is null, and whose row is not there at all.
    ``renames`` has the new symbol by that of the exchange, ``first_names`` the first symbol by that of the exchange
    where the exchange itself renamed it; the id of the instrument stays.

    Logins: ``lives`` is how long an access token serves. ``rotates``: whether a refresh ends the pair before it.
    ``approves``: how a new device is approved: "prompt", "sms", "email", or "" for no approval. ``mfa`` is the code
    that the password needs besides, "" for none. ``password_login``: whether the password is taken at all.
    """

    repeated: Repeated = Repeated.CONFLICT
    null_refs: int = 0
    list_lag: float = 0.0
    position_lag: float = 0.0
    unconfirmed_reads: int = 0
    slow_cancels: int = 1
    far_limit: Decimal | None = Decimal("0.5")
    cancel_links: bool = True
    rest_word: str = "cancelled"
    client_id: Callable[[Mapping[str, Any]], str] = lambda body: str(body["ref_id"])
    submit: Submit = submit
    page_rows: int = 100
    next_host: str = ""
    kind: str = "margin"
    retirement: str = "last"
    account: dict[str, Any] = field(default_factory=dict)
    instruments: dict[str, dict[str, Any]] = field(default_factory=dict)
    spread: Decimal = Decimal("0.01")
    five_years: str = "given"
    todays_candle: str = "after the close"
    quotes_missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    renames: dict[str, str] = field(default_factory=dict)
    first_names: dict[str, str] = field(default_factory=dict)
    lives: float = 665_712.0
    rotates: bool = True
    approves: str = ""
    mfa: str = ""
    password_login: bool = True


class House:
    """What outlives a request.

    ``refs`` are the ref_ids by the number of the order, ``used`` the numbers by ref_id: None where an id is burnt and
    no order made. ``taken`` is in how many more answers an order is unconfirmed. ``ended_at`` tells when orders were
    cancelled on request. ``pending`` are those that are to be cancelled, with the number of requests until they are.
    ``doomed`` are those that are rejected at the next request.
    """

    def __init__(self, terms: Terms, calendar: CorrectedCalendar | None, base: Callable[[], str]) -> None:
        self.terms = terms
        self.calendar = calendar or CorrectedCalendar(NyseCalendar())
        self._base = base
        self.refs: dict[int, str] = {}
        self.used: dict[str, int | None] = {}
        self.taken: dict[int, int] = {}
        self.ended_at: dict[int, datetime] = {}
        self.pending: dict[int, int] = {}
        self.doomed: set[int] = set()
        self._names: Names | None = None
        self._happenings: Happenings | None = None
        self._seen: View | None = None
        self._read: dict[int, tuple[row_codec.Row, PaperOrder]] = {}

    def names(self, account_id: str) -> Names:
        """The ids of the account; another account at the same exchange begins anew."""
        if self._names is None or self._names.account_id != account_id or self._names.base != self._base():
            self._names = Names(account_id, self._base(), self.terms.first_names)
            self._happenings = None
            for kept in (self._read, self.refs, self.used, self.taken, self.ended_at, self.pending):
                kept.clear()
            self.doomed.clear()
        return self._names

    def shown(self, symbol: str) -> str:
        """How a symbol of the exchange is called now."""
        return self.terms.renames.get(symbol, symbol)

    def own(self, symbol: str) -> str | None:
        """The exchange's symbol for one that is asked for; None for a name that was given up."""
        if symbol in self.terms.renames:
            return None
        return next((old for old, new in self.terms.renames.items() if new == symbol), symbol)

    def _orders(self, paper: ExchangeView) -> dict[int, PaperOrder]:
        """Every order, by number; what has not changed since it was read last is not read anew."""
        for row in paper.store._sql.execute(f"SELECT {row_codec.ORDER} FROM orders ORDER BY number"):
            known = self._read.get(row[0])
            if known is None or known[0] != row:
                self._read[row[0]] = row, row_codec.decode_order(row)
        return {number: order for number, (_, order) in self._read.items()}

    @contextmanager
    def looking(self, exchange: PaperExchange) -> Iterator[View]:
        """Everything at one moment, to answer a question from."""
        with exchange.reading() as paper:
            names = self.names(paper.state.account_id)
            if self._happenings is None:
                self._happenings = Happenings()
            if self._seen is None or self._seen.paper is not paper or self._seen.names is not names:
                self._happenings.follow(paper)
                self._seen = View(paper, names, self._happenings, self._orders(paper))
            yield self._seen


@dataclass(frozen=True, slots=True)
class View:
    """The account at one moment."""

    paper: ExchangeView
    names: Names
    happenings: Happenings
    orders: Mapping[int, PaperOrder]

    @property
    def newest(self) -> int:
        return max(self.orders, default=0)

    def by_id(self, identifier: str) -> PaperOrder | None:
        number = self.names.order_number(identifier, self.newest)
        return None if number is None else self.orders[number]

    def submitted_at(self, order: PaperOrder) -> datetime:
        """When it came in, to the microsecond: no two share one."""
        return order.submitted_at + timedelta(microseconds=order.number % 1_000_000)

    def symbol_of(self, instrument: str) -> str | None:
        """The exchange's symbol of an instrument, by its address or its id."""
        wanted = instrument.rstrip("/").rpartition("/")[2]
        listed = self.paper.store._sql.execute("SELECT symbol FROM symbols").fetchall()
        return next((symbol for (symbol,) in listed if self.names.instrument_id(symbol) == wanted), None)
