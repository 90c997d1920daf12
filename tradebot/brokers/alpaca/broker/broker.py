"""Alpaca's door: what a job asks of any broker, asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from tradebot.brokers.alpaca.broker import account
from tradebot.brokers.alpaca.broker.activities import Activities
from tradebot.brokers.alpaca.broker.cache import Memory
from tradebot.brokers.alpaca.broker.clock import Hours
from tradebot.brokers.alpaca.broker.order_parsing import seen
from tradebot.brokers.alpaca.broker.order_payloads import changes, order_body, path_of
from tradebot.brokers.alpaca.broker.order_queries import Listing
from tradebot.brokers.alpaca.json_fields import Fields, rows
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Activity,
    Asset,
    MarketClock,
    Permissions,
    Position,
)
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.errors import AlreadySent, BrokerUnavailable, OrderRefused, OutcomeUnknown

_DONE = range(200, 300)
#: The activities by which cash comes and goes that nobody earned or lost.
_PAID_IN = "CSD,CSW,JNLC"
_ID_IS_TAKEN = "client_order_id must be unique"
_UNPROCESSABLE = frozenset({"40010001", "42210000", "422"})


class AlpacaBroker:
    """One account at Alpaca; implements ports.Broker.

    Reads are asked again by the wire while they fail; what changes anything is sent once. Cancels and replacements are
    asked for only: the order says when they have happened. What cannot change, as whose leg an order is, is remembered
    for as long as the object lives, which is one command; the folder ``memory`` keeps what serves the next ones.
    """

    def __init__(self, api: Api, mode: str, memory: Path | None = None) -> None:
        self._api = api
        self._mode = mode
        self._listing = Listing(api, Memory(memory, "families", api.endpoint.host))
        self._activities = Activities(api, self._listing)
        self._hours = Hours(api, Memory(memory, "sessions", api.endpoint.host))
        self._assets = account.Assets(api)

    @property
    def name(self) -> Literal["alpaca"]:
        return "alpaca"

    @property
    def mode(self) -> str:
        return self._mode

    # --- reads ---------------------------------------------------------------------------------

    def clock(self) -> MarketClock:
        return self._hours.clock()

    def account(self) -> AccountSnapshot:
        return account.snapshot(self._api.read("/v2/account"))

    def permissions(self) -> Permissions:
        return account.permissions(self._api.read("/v2/account/configurations"))

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """From the portfolio's history, whose last day may be told as it stands or not at all yet."""
        params = {"timeframe": "1D", "start": f"{first}T00:00:00Z", "end": f"{last}T23:59:59Z"}
        told = account.days(self._api.read("/v2/account/portfolio/history", {**params, "cashflow_types": _PAID_IN}))
        return tuple(day for day in told if first <= day.session <= last)

    def positions(self) -> tuple[Position, ...]:
        return account.positions(self._api.read("/v2/positions"))

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first, legs as orders of their own."""
        return self._listing.open()

    def order(self, client_order_id: str) -> BrokerOrder | None:
        return self._listing.by_client_id(client_order_id)

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        return self._listing.by_client_ids(client_order_ids)

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return self._activities.after(after)

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        return self._activities.late(after, is_known)

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        return self._assets.of(symbols)

    # --- writes ----------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> BrokerOrder:
        answer = self._sent("POST", "/v2/orders", order_body(request))
        return self._taken_in(answer, request)

    def cancel(self, broker_order_id: str) -> None:
        self._api.write("DELETE", path_of(broker_order_id))

    def cancel_all(self) -> None:
        """Raises OrderRefused when the answer names an order that was not cancelled."""
        answers = self._cancelled_each()
        if refused := [name for name, status in answers if status not in _DONE]:
            raise OrderRefused("207", f"{len(refused)} of {len(answers)} orders were not cancelled: {_named(refused)}")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        path = path_of(broker_order_id)
        old = self._listing.by_id(broker_order_id)
        if old is None:
            raise OrderRefused("40410000 order not found", f"order not found: {broker_order_id}")
        answer = self._sent("PATCH", path, changes(old, request))
        return self._taken_in(answer, request, in_place_of=broker_order_id)

    def _sent(self, method: Literal["POST", "PATCH"], path: str, body: Json) -> Json:
        """The answer to an order; the code of a refusal for its id is told to be either of two."""
        try:
            return self._api.write(method, path, body)
        except OrderRefused as refused:
            if _ID_IS_TAKEN in str(refused).lower() and refused.reason in _UNPROCESSABLE:
                raise AlreadySent(refused.reason, str(refused)) from refused
            raise

    def _taken_in(self, answer: Json, request: OrderRequest, in_place_of: str | None = None) -> BrokerOrder:
        """The order that was answered with. It has been sent: what cannot be read of it leaves its outcome unknown."""
        try:
            order = seen(answer)
            if order is None or order.order.client_order_id != request.client_order_id:
                raise BrokerUnavailable("it answered with another order")
            return self._listing.taken_in(order, in_place_of)
        except BrokerUnavailable as error:
            said = f"{request.client_order_id} was sent, and Alpaca's answer cannot be read: {error}"
            raise OutcomeUnknown(said) from error

    def _cancelled_each(self) -> list[tuple[str, int]]:
        """Ask for a cancel of every order in one request: the id and the HTTP status of each."""
        answer = self._api.write("DELETE", "/v2/orders")
        try:
            items = [Fields(raw, "one of many") for raw in rows(answer, "the answers for each")]
            return [(item.text("id"), int(item.number("status"))) for item in items]
        except BrokerUnavailable as error:
            raise OutcomeUnknown(f"DELETE /v2/orders was sent, and Alpaca's answer cannot be read: {error}") from error


def _named(names: list[str]) -> str:
    return ", ".join(names[:10]) + (" and more" if len(names) > 10 else "")
