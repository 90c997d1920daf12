"""Alpaca's implementation of ports.Broker, over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from tradebot.brokers.alpaca.broker import account
from tradebot.brokers.alpaca.broker.activities import ActivityQueries
from tradebot.brokers.alpaca.broker.clock import AlpacaClock
from tradebot.brokers.alpaca.broker.order_parsing import parse_order
from tradebot.brokers.alpaca.broker.order_payloads import order_body, order_path, replacement_body
from tradebot.brokers.alpaca.broker.order_queries import OrderQueries
from tradebot.brokers.alpaca.json_fields import Fields, json_list
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.api_broker import ApiBroker
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Asset,
    Permissions,
    Position,
)
from tradebot.core.model.capabilities import Capabilities, Hours
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.errors import AlreadySent, BrokerUnavailable, OrderRefused, OutcomeUnknown

#: Source: https://docs.alpaca.markets/docs/orders-at-alpaca, January 2026. Each order tells when it expires.
#: What Alpaca can do.
CAPABILITIES = Capabilities(
    brackets=True,
    oto=True,
    replace=True,
    cancel_all=True,
    finds_by_id=True,
    fractions=True,
    paper_account=True,
    hours=frozenset(Hours),
)
_SUCCESS = range(200, 300)
#: Activity types of deposits and withdrawals: cash, and cash journaled from or to another account.
_CASHFLOW_TYPES = "CSD,CSW,JNLC"
_DUPLICATE_ID = "client_order_id must be unique"
#: Codes that come with a duplicate client_order_id.
_DUPLICATE_CODES = frozenset({"40010001", "42210000", "422"})


class AlpacaBroker(ApiBroker):
    """One account at Alpaca; implements ports.Broker.

    Reads are retried; a write is sent once. A cancel or a replacement is only requested: the order shows when it has
    happened. Facts that cannot change, such as the entry of a leg, are kept for the life of the object, which is one
    command, and in ``cache_folder`` for the next commands.
    """

    def __init__(self, api: Api, mode: str, cache_folder: Path | None = None) -> None:
        host = api.endpoint.host
        self._orders = OrderQueries(api, JsonCache(cache_folder, "alpaca", "families", host))
        clock = AlpacaClock(api, JsonCache(cache_folder, "alpaca", "sessions", host))
        super().__init__(api, clock, self._orders, ActivityQueries(api, self._orders))
        self._mode = mode
        self._assets = account.AssetQueries(api)

    @property
    def name(self) -> Literal["alpaca"]:
        """The broker's name in the settings and in account keys."""
        return "alpaca"

    @property
    def mode(self) -> str:
        """``paper`` or ``live``."""
        return self._mode

    @property
    def capabilities(self) -> Capabilities:
        """What Alpaca can do."""
        return CAPABILITIES

    # --- reads ---------------------------------------------------------------------------------

    def account(self) -> AccountSnapshot:
        """Equity, cash and buying power, USD."""
        return account.parse_account(self._api.read("/v2/account"))

    def permissions(self) -> Permissions:
        """What the account's configuration allows."""
        return account.parse_permissions(self._api.read("/v2/account/configurations"))

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """Equity and deposits by session, from the portfolio history. Today's may be missing or still change."""
        params = {"timeframe": "1D", "start": f"{first}T00:00:00Z", "end": f"{last}T23:59:59Z"}
        history = self._api.read("/v2/account/portfolio/history", {**params, "cashflow_types": _CASHFLOW_TYPES})
        return tuple(day for day in account.parse_days(history) if first <= day.session <= last)

    def positions(self) -> tuple[Position, ...]:
        """Every position that is not flat."""
        return account.parse_positions(self._api.read("/v2/positions"))

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """The assets with these symbols; unknown symbols are absent."""
        return self._assets.by_symbol(symbols)

    # --- writes ----------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> BrokerOrder:
        """Send an order. Raises AlreadySent when the account has an order with this id, else as ``Api.write``."""
        content = self._send_order("POST", "/v2/orders", order_body(request))
        return self._accepted(content, request)

    def cancel(self, broker_order_id: str) -> None:
        """Request the cancel of an order. Raises OrderRefused when it is terminal."""
        self._api.write("DELETE", order_path(broker_order_id))

    def cancel_all(self) -> None:
        """Request the cancel of every live order. Raises OrderRefused when one of them was not cancelled."""
        statuses = self._request_cancel_of_all()
        if refused := [order_id for order_id, status in statuses if status not in _SUCCESS]:
            names = ", ".join(refused[:10]) + (" and more" if len(refused) > 10 else "")
            raise OrderRefused("207", f"{len(refused)} of {len(statuses)} orders were not cancelled: {names}")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Replace a resting order. Raises AlreadySent when the account has an order with the new id."""
        path = order_path(broker_order_id)
        old = self._orders.by_id(broker_order_id)
        if old is None:
            raise OrderRefused("40410000 order not found", f"order not found: {broker_order_id}")
        content = self._send_order("PATCH", path, replacement_body(old, request))
        return self._accepted(content, request, replaced_id=broker_order_id)

    def _send_order(self, method: Literal["POST", "PATCH"], path: str, body: Json) -> Json:
        """The content of the response. Raises AlreadySent for a duplicate id, which comes with different codes."""
        try:
            return self._api.write(method, path, body)
        except OrderRefused as refused:
            if _DUPLICATE_ID in str(refused).lower() and refused.reason in _DUPLICATE_CODES:
                raise AlreadySent(refused.reason, str(refused)) from refused
            raise

    def _accepted(self, content: Json, request: OrderRequest, replaced_id: str | None = None) -> BrokerOrder:
        """The order in the response. It has been sent, so an unreadable response raises OutcomeUnknown."""
        try:
            order = parse_order(content)
            if order is None or order.order.client_order_id != request.client_order_id:
                raise BrokerUnavailable("it answered with another order")
            return self._orders.accepted(order, replaced_id)
        except BrokerUnavailable as error:
            message = f"{request.client_order_id} was sent, and Alpaca's answer cannot be read: {error}"
            raise OutcomeUnknown(message) from error

    def _request_cancel_of_all(self) -> list[tuple[str, int]]:
        """The id of every live order, and the HTTP status of its cancel."""
        content = self._api.write("DELETE", "/v2/orders")
        try:
            items = [Fields(raw, "one of many") for raw in json_list(content, "the answers for each")]
            return [(item.text("id"), int(item.number("status"))) for item in items]
        except BrokerUnavailable as error:
            raise OutcomeUnknown(f"DELETE /v2/orders was sent, and Alpaca's answer cannot be read: {error}") from error
