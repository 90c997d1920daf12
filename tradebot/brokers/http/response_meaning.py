"""The meaning of a response, from its status, the broker's code and its message. The first matching row counts.

Statuses and codes are those reported by users of Alpaca's API, because no page lists them. A code begins with its
status. Messages are compared in lower case, because one code covers many cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tradebot.brokers.http.responses import (
    ErrorBody,
    HttpResponse,
    Json,
    NotJson,
    decode_json,
    error_body,
    is_html,
)
from tradebot.settings.endpoints import Endpoint

#: The longest part of the broker's message that is quoted, in characters.
MAX_MESSAGE = 300


class ResponseClass(Enum):
    """What a response says about the request."""

    SUCCESS = auto()
    NOT_FOUND = auto()  # the broker has no such resource
    REFUSED = auto()  # the broker understood the request and refused it
    UNAUTHORIZED = auto()  # the keys are unknown or not accepted
    SUBSCRIPTION = auto()  # the data plan does not include the request
    RATE_LIMITED = auto()  # too many requests: the request had no effect
    SERVER_ERROR = auto()  # the request may or may not have had an effect
    WRONG_SERVICE = auto()  # another server than the intended service responded
    UNREADABLE = auto()  # a success whose content cannot be read


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """A response and its meaning."""

    meaning: ResponseClass
    summary: str = ""  # status, code and message, for people
    code: str = ""  # the broker's own, or the HTTP status when it gives none
    advice: str = ""  # what to do about it
    content: Json = None


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
        return _success(response, endpoint)
    error = error_body(response)
    if error is None:
        return _without_error_body(response, endpoint)
    wrong_service = _Row(range(0), ResponseClass.WRONG_SERVICE)
    row = next((row for row in _TABLE if row.matches(response.status, error)), wrong_service)
    advice = row.advice or (_address_advice(endpoint) if row.meaning is ResponseClass.WRONG_SERVICE else "")
    summary = f"{response.status} {error.code}".strip() + f": {_shortened(error.message)}"
    return ParsedResponse(row.meaning, summary, error.code or str(response.status), advice)


def _success(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    if response.status == 204 and not response.body:
        return ParsedResponse(ResponseClass.SUCCESS)
    try:
        content = decode_json(response.body)
    except NotJson:
        if is_html(response):
            return _wrong_service(response, endpoint)
        what = "an empty answer" if not response.body.strip() else "an answer that is cut off or no JSON"
        return ParsedResponse(ResponseClass.UNREADABLE, f"{what}, status {response.status}")
    if content is None:
        return ParsedResponse(ResponseClass.UNREADABLE, f"an answer without content with status {response.status}")
    return ParsedResponse(ResponseClass.SUCCESS, content=content)


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
    if 300 <= response.status < 400:
        summary = f"a redirection to another address with status {response.status}"
    elif is_html(response):
        summary = f"a web page with status {response.status}"
    else:
        summary = f"status {response.status}, not in the words of Alpaca's API"
    return ParsedResponse(ResponseClass.WRONG_SERVICE, summary, advice=_address_advice(endpoint))


def _address_advice(endpoint: Endpoint) -> str:
    return f"Check {endpoint.setting}. {_WRONG_ADDRESS}"


def _shortened(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 3]}..."
