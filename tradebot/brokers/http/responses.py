"""What came back, as it came: an answer, or none and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

#: Decoded JSON whose numbers with a decimal point are Decimal.
Json = Any


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole HTTP answer; the names of ``headers`` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportError(Exception):
    """No whole answer came. ``left`` is whether the request began to leave; if not, it certainly had no effect.

    ``why`` completes a sentence that begins with the host's name. ``lasting`` troubles do not pass by waiting.
    """

    def __init__(self, why: str, *, left: bool, lasting: bool = False) -> None:
        self.why = why
        self.left = left
        self.lasting = lasting
        super().__init__(why)


class NotJson(ValueError):
    """A body that is no JSON."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """The broker's own error: its code as text, "" when it gives none, and its words."""

    code: str
    words: str


def decoded(body: bytes) -> Json:
    """The JSON of a body. Raises NotJson, also for what is cut off and for numbers that are none."""
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error


def complaint(answer: HttpResponse) -> Complaint | None:
    """The broker's own error in an answer; None when somebody else wrote it, such as a proxy or a web server."""
    try:
        content = decoded(answer.body)
    except NotJson:
        return None
    if not isinstance(content, dict) or not isinstance(content.get("message"), str):
        return None
    code = content.get("code")
    return Complaint("" if code is None else str(code), content["message"].strip())


def looks_like_a_page(answer: HttpResponse) -> bool:
    """Whether it is a web page."""
    kind = answer.headers.get("Content-Type", "").lower()
    return "html" in kind or answer.body.lstrip()[:1] == b"<"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
