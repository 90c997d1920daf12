"""The meaning of a response of Alpaca, from its status, code and message. The first matching row counts.

Statuses and codes are those reported by users of Alpaca's API, because no page lists them. A code begins with its
status. Messages are compared in lower case, because one code covers many cases.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.brokers.http.response_meaning import (
    ParsedResponse,
    ResponseClass,
    read_success,
    shortened,
    wrong_service,
)
from tradebot.brokers.http.responses import HttpResponse, NotJson, decode_json
from tradebot.settings.endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The broker's own error: {"code": 40310000, "message": "insufficient buying power"}."""

    code: str  # "" when the body has none
    message: str


@dataclass(frozen=True, slots=True)
class _Row:
    statuses: range
    meaning: ResponseClass
    advice: str = ""
    has_code: bool | None = None  # whether the broker gave a code; None matches both
    message: str = ""  # part of the broker's message

    def matches(self, status: int, error: ErrorBody) -> bool:
        return (
            status in self.statuses
            and (self.has_code is None or self.has_code == bool(error.code))
            and self.message in error.message.lower()
        )


def _only(status: int) -> range:
    return range(status, status + 1)


_KEYS = (
    "Check ALPACA_API_KEY and ALPACA_SECRET_KEY: they are mistyped, do not belong together, were revoked or have "
    "expired (new keys end the old ones, and so does a reset of the paper account), or are those of the other kind of "
    "account: paper keys work with TRADING_MODE=paper only, live keys with live only. The dashboard at "
    "https://app.alpaca.markets shows the key id and makes new keys."
)
_REFUSALS = tuple(
    _Row(range(400, 500), ResponseClass.REFUSED, advice, has_code=True, message=message)
    for message, advice in (
        ("client_order_id must be unique", "An order with this id is already there: ask for it instead."),
        ("buying power", "Open orders reserve buying power as well; cancel some, or send a smaller order."),
        ("insufficient qty", "Another open order holds these shares; cancel it first."),
        ("not fractionable", "This symbol trades in whole shares only."),
        ("wash trade", "An open order of the other side could trade with this one; cancel that one first."),
        ("short", "The account or the symbol may not be sold short; see the account's configuration."),
        ("sub-penny", "Prices of a dollar and more have at most two decimals."),
        ("not tradable", "The broker does not trade this symbol; take it out of the strategy, or into DENY_SYMBOLS."),
        ("restricted", "The account is restricted; the broker's dashboard says why."),
        (
            "suspended",
            "Trading is suspended in the account's configuration; the broker's dashboard can allow it again.",
        ),
    )
)
_TABLE = (
    _Row(_only(401), ResponseClass.UNAUTHORIZED, _KEYS),
    _Row(
        _only(403),
        ResponseClass.SUBSCRIPTION,
        "The data plan does not include this; ALPACA_FEED=iex is in every plan, and sip without the latest 15 minutes.",
        has_code=False,
        message="subscription",
    ),
    _Row(_only(403), ResponseClass.UNAUTHORIZED, _KEYS, has_code=False),
    # "endpoint not found": the address is wrong, so the response says nothing about the resource
    _Row(_only(404), ResponseClass.WRONG_SERVICE, message="endpoint"),
    _Row(_only(404), ResponseClass.NOT_FOUND, has_code=True),
    _Row(_only(404), ResponseClass.WRONG_SERVICE, has_code=False),
    _Row(_only(407), ResponseClass.WRONG_SERVICE),
    _Row(_only(408), ResponseClass.SERVER_ERROR),
    _Row(
        _only(429),
        ResponseClass.RATE_LIMITED,
        "Other programs spend from the same 200 requests a minute; try again in a minute.",
    ),
    *_REFUSALS,
    _Row(range(400, 500), ResponseClass.REFUSED),
    _Row(range(500, 600), ResponseClass.SERVER_ERROR, "The broker's status page is https://status.alpaca.markets."),
)
_WRONG_ADDRESS = "It must be the address of Alpaca's API, not of a web page; leave it blank to take the right one."


def parse_response(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    """Classify a response of ``endpoint``."""
    if 200 <= response.status < 300:
        return read_success(response) or _wrong_service(response, endpoint)
    error = error_body(response)
    if error is None:
        return _without_error_body(response, endpoint)
    wrong_service = _Row(range(0), ResponseClass.WRONG_SERVICE)
    row = next((row for row in _TABLE if row.matches(response.status, error)), wrong_service)
    advice = row.advice or (_address_advice(endpoint) if row.meaning is ResponseClass.WRONG_SERVICE else "")
    summary = f"{response.status} {error.code}".strip() + f": {shortened(error.message)}"
    return ParsedResponse(row.meaning, summary, error.code or str(response.status), advice)


def _without_error_body(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    """An error that the broker did not write: a proxy's, a load balancer's or a web server's."""
    if response.status >= 500 or response.status in {408, 429}:
        meaning = ResponseClass.RATE_LIMITED if response.status == 429 else ResponseClass.SERVER_ERROR
        row = next(row for row in _TABLE if response.status in row.statuses)
        summary = f"status {response.status}, not in the broker's own words"
        return ParsedResponse(meaning, summary, advice=row.advice)
    if response.status == 401:
        return ParsedResponse(ResponseClass.UNAUTHORIZED, "401", "401", _KEYS)
    return _wrong_service(response, endpoint)


def _wrong_service(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    return wrong_service(response, "Alpaca's API", _address_advice(endpoint))


def _address_advice(endpoint: Endpoint) -> str:
    return f"Check {endpoint.setting}. {_WRONG_ADDRESS}"


def error_body(response: HttpResponse) -> ErrorBody | None:
    """The broker's own error; None when something else wrote the body, such as a proxy or a web server."""
    try:
        content = decode_json(response.body)
    except NotJson:
        return None
    if not isinstance(content, dict) or not isinstance(content.get("message"), str):
        return None
    code = content.get("code")
    return ErrorBody("" if code is None else str(code), content["message"].strip())
