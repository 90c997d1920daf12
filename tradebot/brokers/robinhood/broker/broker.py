"""Robinhood's implementation of ports.Broker, over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.api_broker import ApiBroker
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.broker import account as accounts
from tradebot.brokers.robinhood.broker.activities import ActivityQueries
from tradebot.brokers.robinhood.broker.clock import RobinhoodClock
from tradebot.brokers.robinhood.broker.order_parsing import GTC_AGE
from tradebot.brokers.robinhood.broker.order_payloads import OrderPlace, order_body, parse_order_id
from tradebot.brokers.robinhood.broker.order_queries import OrderQueries
from tradebot.brokers.robinhood.broker.sent_ids import SentIds
from tradebot.brokers.robinhood.instruments import InstrumentBook
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.brokers.robinhood.pages import read_rows
from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Asset,
    Permissions,
    Position,
    Quote,
)
from tradebot.core.model.capabilities import Capabilities, Hours
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.core.model.values import ZERO
from tradebot.errors import AlreadySent, BrokerUnavailable, OrderRefused, OutcomeUnknown
from tradebot.ports import Clock

NAME = "robinhood"
#: What Robinhood can do over the addresses that are known, with the usual collar of entries.
CAPABILITIES = Capabilities(
    brackets=False,
    oto=False,
    replace=False,
    cancel_all=False,
    finds_by_id=False,
    fractions=False,
    gtc_age=GTC_AGE,
    paper_account=False,
    entry_collar_pct=Decimal("0.01"),
    hours=frozenset(Hours),
)
#: Looks at the open orders while all are cancelled; the last ones prove that none was left out.
_PROOFS = 5
_BETWEEN_PROOFS = 0.5  # seconds
#: Words of a refusal that says that the id was used before. Captured of two sibling services of the stock orders.
_USED = ("must be unique", "already exists")

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Login:
    """What one login at Robinhood gives access to."""

    api: Api
    transfers: Api  # the host of transfers
    account: str  # the number of the account to trade


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the adapter asks of this machine.

    clock: the desk's.
    quotes: the newest prices, for the worth of positions.
    cache_folder: where JSON is kept for the next command; None keeps none.
    sent_orders: the home's file of sent orders; None without a home.
    strategies: the names that an order of ours can carry.
    sessions: the sessions in which an order of a New York date can have been decided.
    must_record: whether an order that cannot be written down stays here. An emergency stop sends it all the same.
    """

    clock: Clock
    quotes: Callable[[Iterable[str]], Mapping[str, Quote]]
    cache_folder: Path | None
    sent_orders: Path | None
    strategies: Callable[[], Iterable[str]]
    sessions: Callable[[date], Iterable[date]]
    must_record: bool = True


class RobinhoodBroker(ApiBroker):
    """One account at Robinhood; implements ports.Broker.

    Reads are retried; a write is sent once. An order is written down before it is sent. What is taken does not rest
    yet, and a cancel is only requested: the order shows when it has happened.
    """

    def __init__(
        self, login: Login, surroundings: Surroundings, entry_collar_pct: Decimal, instruments: InstrumentBook
    ) -> None:
        host, folder = login.api.endpoint.host, surroundings.cache_folder
        self._account = login.account
        self._around = surroundings
        self._instruments = instruments
        key = f"{NAME}:{self.mode}:{login.account}"
        self._ids = SentIds(surroundings.sent_orders, key, surroundings.strategies, surroundings.sessions)
        cached_ids = JsonCache(folder, NAME, "orders", host)
        self._orders = OrderQueries(login.api, login.account, instruments, self._ids, cached_ids)
        self._activities = ActivityQueries(
            login.api, login.transfers, login.account, self._orders, instruments, surroundings.clock
        )
        clock = RobinhoodClock(login.api, JsonCache(folder, NAME, "sessions", host), surroundings.clock)
        super().__init__(login.api, clock, self._orders, self._activities)
        self._capabilities = replace(CAPABILITIES, entry_collar_pct=entry_collar_pct)

    @property
    def name(self) -> Literal["robinhood"]:
        """The broker's name in the settings and in account keys."""
        return "robinhood"

    @property
    def mode(self) -> str:
        """``live``: Robinhood has no account without real money."""
        return "live"

    @property
    def capabilities(self) -> Capabilities:
        """What Robinhood can do, with the collar of the settings."""
        return self._capabilities

    # --- reads ---------------------------------------------------------------------------------

    def account(self) -> AccountSnapshot:
        """Equity, cash and buying power, USD. Raises Blocked where the login has no such account."""
        snapshot = accounts.parse_account(self._read_account(), self._api.read(addresses.portfolio(self._account)))
        self._activities.note_cash(snapshot.cash)
        return snapshot

    def permissions(self) -> Permissions:
        """What the account permits."""
        return accounts.parse_permissions(self._read_account())

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """The session before and that of today: Robinhood's longer history fails for some accounts."""
        clock, worth = self.clock(), Fields(self._api.read(addresses.portfolio(self._account)), "the portfolio")
        told = ((clock.previous, "equity_previous_close"), (clock.today, "equity"))
        paid_in = self._activities.paid_in_since(first)
        return tuple(
            AccountDay(hours.session, worth.number(name), paid_in.get(hours.session, ZERO))
            for hours, name in told
            if hours is not None and first <= hours.session <= last
        )

    def positions(self) -> tuple[Position, ...]:
        """Every position that is not flat. One without a quote is valued at its average price."""
        params = {"account_number": self._account, "nonzero": "true"}
        rows = read_rows(self._api, addresses.POSITIONS, params, "positions")
        unnamed = self._instruments.by_id(accounts.unnamed_instruments(rows))
        symbols = {identifier: instrument.symbol for identifier, instrument in unnamed.items()}
        positions = accounts.parse_positions(rows, self._account, symbols)
        quotes = self._around.quotes([position.symbol for position in positions]) if positions else {}
        return tuple(
            replace(position, market_price=quote.last, previous_close=quote.previous_close)
            if (quote := quotes.get(position.symbol)) is not None
            else position
            for position in positions
        )

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """The assets with these symbols; unknown symbols are absent."""
        found = self._instruments.by_symbol(symbols)
        return {symbol: instrument.asset for symbol, instrument in found.items()}

    # --- writes ----------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> BrokerOrder:
        """Write an order down and send it. Raises AlreadySent where its id was used, else as ``Api.write``."""
        instrument = self._instruments.by_symbol([request.symbol]).get(request.symbol)
        if instrument is None:
            raise OrderRefused("404", f"Robinhood does not know the symbol {request.symbol}")
        account = f"{self._api.endpoint.url}{addresses.account(self._account)}"
        body = order_body(request, OrderPlace(account, instrument.url))
        self._write_down(request)
        try:
            content = self._api.write("POST", addresses.ORDERS, body)
        except OrderRefused as refused:
            if refused.reason == "409" or any(words in str(refused) for words in _USED):
                raise AlreadySent(refused.reason, str(refused)) from refused
            raise
        try:
            if Fields(content, "the answer").maybe_text("ref_id") not in (None, body["ref_id"]):
                raise BrokerUnavailable("it answered with another order")
            return self._orders.accepted(content, request.client_order_id, request.symbol)
        except BrokerUnavailable as error:
            message = f"{request.client_order_id} was sent, and Robinhood's answer cannot be read: {error}"
            raise OutcomeUnknown(message) from error

    def cancel(self, broker_order_id: str) -> None:
        """Request the cancel of an order. Raises OrderRefused when it has ended, or is to be cancelled already."""
        self._api.write("POST", addresses.cancel(parse_order_id(broker_order_id)), {})

    def cancel_all(self) -> None:
        """Request the cancel of every live order, one by one, until each has ended or its cancel was accepted.

        Raises OrderRefused when an order is neither.
        """
        requested: set[str] = set()
        working: list[BrokerOrder] = []
        for look in range(_PROOFS):
            if look:
                self._around.clock.sleep(_BETWEEN_PROOFS)
            working = [order for order in self.open_orders() if order.broker_order_id not in requested]
            if not working:
                return
            for order in working:
                try:
                    self.cancel(order.broker_order_id)
                    requested.add(order.broker_order_id)
                except OrderRefused as refused:  # it has ended, or does not end now: the next look tells
                    _LOG.info("order %s was not cancelled: %s", order.broker_order_id, refused)
        names = ", ".join(order.text for order in working[:10])
        raise OrderRefused("403", f"{len(working)} orders were not cancelled: {names}")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Raises OrderRefused: no address that replaces an order is known."""
        raise OrderRefused("404", f"Robinhood replaces no order; {broker_order_id} stays as it is")

    def _read_account(self) -> Fields:
        rows = read_rows(self._api, addresses.ACCOUNTS, {"default_to_all_accounts": "true"}, "accounts")
        return accounts.pick_account(rows, self._account)

    def _write_down(self, request: OrderRequest) -> None:
        """Write an order down before it is sent. Raises BrokerUnavailable where it cannot be, and must be."""
        try:
            self._ids.record(request, self._around.clock.now())
        except OSError as error:
            where = f"{self._around.sent_orders} cannot be written: {error.strerror or error}"
            if self._around.must_record:
                raise BrokerUnavailable(
                    f"{where}. {request.client_order_id} was not sent, because nobody could tell later whose it is. "
                    "Make room on the disk, or let this user write the file."
                ) from error
            _LOG.warning("%s; %s is sent all the same", where, request.client_order_id)
