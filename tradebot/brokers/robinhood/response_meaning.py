"""The meaning of a response of Robinhood, from its status and its body.

Bodies of errors: {"detail": ...}, {"non_field_errors": [...]} or {a field: [...]} (captured). A 403 in Robinhood's own
words refuses one request, such as the cancel of an order that has ended; a token that is not accepted is a 401.
"""

from __future__ import annotations

import re

from tradebot.brokers.http.response_meaning import (
    ParsedResponse,
    ResponseClass,
    read_success,
    shortened,
    wrong_service,
)
from tradebot.brokers.http.responses import HttpResponse, Json, NotJson, decode_json
from tradebot.settings.endpoints import Endpoint

_NAME = "Robinhood's API"
_NON_FIELD = "non_field_errors"
#: Captured with status 429: "Request was throttled. Expected available in 12 seconds."
_AVAILABLE_IN = re.compile(r"available in (\d+(?:\.\d+)?) second")
_TOKEN = "It has ended, or was ended elsewhere."
_LATER = "Try again in some minutes."
_DENIED = "Robinhood, or what stands before it, does not take requests from here now. Try again in some minutes."
_ADVICE = (
    ("buying power", "Open orders reserve buying power as well; cancel some, or send a smaller order."),
    ("purchase", "Open orders reserve buying power as well; cancel some, or send a smaller order."),
    ("enough shares", "Another open order holds these shares; cancel it first."),
    ("app version", "Robinhood takes no orders in this form any more: a newer tradebot may know the new one."),
)


def parse_response(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    """The meaning of a response of an endpoint."""
    status = response.status
    if 200 <= status < 300:
        return read_success(response) or _wrong_service(response, endpoint)
    message = error_text(response)
    if status == 429:
        return _error(ResponseClass.RATE_LIMITED, status, message, _LATER, _asked_wait(message))
    if status >= 500 or status == 408:
        return _error(ResponseClass.SERVER_ERROR, status, message, _LATER)
    if status == 401 or (status == 403 and message is not None and "credentials" in message.lower()):
        return _error(ResponseClass.UNAUTHORIZED, status, message, _TOKEN)
    if message is None:
        return _wrong_service(response, endpoint)
    meaning = ResponseClass.NOT_FOUND if status == 404 else ResponseClass.REFUSED
    return _error(meaning, status, message, next((advice for part, advice in _ADVICE if part in message.lower()), ""))


def error_text(response: HttpResponse) -> str | None:
    """What Robinhood says of an error, a sentence a field; None when something else wrote the body, such as a proxy."""
    try:
        content = decode_json(response.body)
    except NotJson:
        return None
    if not isinstance(content, dict):
        return None
    return "; ".join(part for name, value in content.items() for part in _sentences(name, value))


def _sentences(name: str, value: Json) -> list[str]:
    """The sentences of one member of an error's body, with the name of the field that they are about."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    prefix = "" if name in ("detail", _NON_FIELD) else f"{name}: "
    return [f"{prefix}{text}" for text in texts if isinstance(text, str)]


def _asked_wait(message: str | None) -> float | None:
    """Seconds for which a message asks to be left alone."""
    asked = None if message is None else _AVAILABLE_IN.search(message)
    return None if asked is None else float(asked[1])


def _error(
    meaning: ResponseClass, status: int, message: str | None, advice: str, wait: float | None = None
) -> ParsedResponse:
    said = "not in the broker's own words" if message is None else shortened(message)
    summary = f"status {status}, {said}" if said else f"status {status}"
    return ParsedResponse(meaning, summary, str(status), advice, wait=wait)


def _wrong_service(response: HttpResponse, endpoint: Endpoint) -> ParsedResponse:
    advice = f"Check {endpoint.setting}." if endpoint.loopback else _DENIED
    return wrong_service(response, _NAME, advice)
