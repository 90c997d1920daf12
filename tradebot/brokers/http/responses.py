"""HTTP responses and transport errors, before they are interpreted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

#: Decoded JSON. Numbers with a decimal point are Decimal.
Json = Any


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete HTTP response. ``headers`` ignores the case of names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportError(Exception):
    """No complete response arrived.

    reason: completes a sentence that begins with the host's name.
    sent: whether the first byte of the request may have been written. If not, the request certainly had no effect.
    permanent: whether a retry is useless.
    """

    def __init__(self, reason: str, *, sent: bool, permanent: bool = False) -> None:
        self.reason = reason
        self.sent = sent
        self.permanent = permanent
        super().__init__(reason)


class NotJson(ValueError):
    """The body is not JSON."""


def decode_json(body: bytes) -> Json:
    """Decode a body. Raises NotJson, also for a truncated body and for NaN and Infinity."""
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error


def is_html(response: HttpResponse) -> bool:
    """Whether the body is a web page."""
    content_type = response.headers.get("Content-Type", "").lower()
    return "html" in content_type or response.body.lstrip()[:1] == b"<"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
