"""What a response says about its request. Each broker has a reading of its own; what any reading needs is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from tradebot.brokers.http.responses import HttpResponse, Json, NotJson, decode_json, is_html
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
    wait: float | None = None  # seconds that the broker asks to wait in its message, if it does


#: A broker's reading of a response of one of its endpoints.
Reading = Callable[[HttpResponse, Endpoint], ParsedResponse]


def read_success(response: HttpResponse) -> ParsedResponse | None:
    """A response with a status from 200 to 299: SUCCESS or UNREADABLE; None for a web page, which no API sends."""
    if response.status == 204 and not response.body:
        return ParsedResponse(ResponseClass.SUCCESS)
    try:
        content = decode_json(response.body)
    except NotJson:
        if is_html(response):
            return None
        what = "an empty answer" if not response.body.strip() else "an answer that is cut off or no JSON"
        return ParsedResponse(ResponseClass.UNREADABLE, f"{what}, status {response.status}")
    if content is None:
        return ParsedResponse(ResponseClass.UNREADABLE, f"an answer without content with status {response.status}")
    return ParsedResponse(ResponseClass.SUCCESS, content=content)


def wrong_service(response: HttpResponse, name: str, advice: str) -> ParsedResponse:
    """A response that the API called ``name`` did not write."""
    if 300 <= response.status < 400:
        summary = f"a redirection to another address with status {response.status}"
    elif is_html(response):
        summary = f"a web page with status {response.status}"
    else:
        summary = f"status {response.status}, not in the words of {name}"
    return ParsedResponse(ResponseClass.WRONG_SERVICE, summary, advice=advice)


def shortened(message: str) -> str:
    """A message of a broker on one line, cut to ``MAX_MESSAGE`` characters."""
    text = " ".join(message.split())
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 3]}..."
