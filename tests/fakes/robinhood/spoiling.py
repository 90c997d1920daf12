"""What becomes of an answer of Robinhood's when something goes wrong on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival

_PAGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>api.robinhood.com | 502</body></html>"
_HTML = "text/html; charset=UTF-8"


def spoilt(fault: Fault, arrival: Arrival, answer: Answer | None, before: Answer | None) -> Answer:
    """What is sent instead of ``answer``, which is None when the request was not processed.

    ``before`` is another answer that the same question got earlier, if any.
    """
    if answer is None:
        return _instead(fault)
    if fault.kind in _AFTERWARDS:
        return _AFTERWARDS[fault.kind](fault, arrival, answer)
    return before if fault.kind is Kind.STALE and before is not None else answer


def _instead(fault: Fault) -> Answer:
    match fault.kind:
        case Kind.TOO_MANY:
            headers = {"Retry-After": str(fault.amount)} if fault.amount else {}
            words = f"Request was throttled. Expected available in {fault.amount or 30} seconds."
            return Answer(429, {"detail": words}, headers)
        case Kind.UNAUTHORIZED:
            return Answer(401, {"detail": "Incorrect authentication credentials."})
        case Kind.FORBIDDEN:
            return Answer(403, {"detail": "You do not have permission to perform this action."})
        case Kind.HTML:
            return Answer(502, text=_PAGE, content_type=_HTML)
        case Kind.PAGE:
            return Answer(200, text=_PAGE, content_type=_HTML)
        case _:
            return Answer(500, text="<h1>Server Error (500)</h1>", content_type=_HTML)


def _truncated(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    whole = json.dumps(answer.body) if answer.body is not None else "{"
    return Answer(answer.status, text=whole[: len(whole) // 2] or "{")


def _empty(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    if answer.status != 200 or not isinstance(answer.body, dict) or "results" not in answer.body:
        return answer
    return replace(answer, body={**answer.body, "results": [], "next": None})


def _lagging(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    """A list without its newest rows."""
    if answer.status != 200 or not isinstance(answer.body, dict) or "results" not in answer.body:
        return answer
    return replace(answer, body={**answer.body, "results": answer.body["results"][max(fault.amount, 1) :]})


def _fewer_shares(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    """As of a moment at which no position had more than so many shares; none of them with 0."""
    if not arrival.path.startswith("/positions"):
        return answer
    most = fault.amount
    fewer = [
        {**each, "quantity": str(most)} if float(each["quantity"]) > most else each for each in answer.body["results"]
    ]
    return replace(answer, body={**answer.body, "results": fewer if most else []})


def _unknown_status(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    def told(each: Any) -> Any:
        is_order = isinstance(each, dict) and "executions" in each
        return {**each, "state": "under_observation", "derived_state": "under_observation"} if is_order else each

    body = answer.body
    if isinstance(body, dict) and "results" in body:
        return replace(answer, body={**body, "results": [told(each) for each in body["results"]]})
    return replace(answer, body=told(body))


def _unknown_fields(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    more = {"new_field": {"nested": [1, None]}, "another": "1"}
    return replace(answer, body={**answer.body, **more}) if isinstance(answer.body, dict) else answer


_AFTERWARDS: dict[Kind, Callable[[Fault, Arrival, Answer], Answer]] = {
    Kind.SERVER_ERROR_AFTER: lambda fault, arrival, answer: Answer(500, text="<h1>Server Error (500)</h1>"),
    Kind.HTML_AFTER: lambda fault, arrival, answer: Answer(502, text=_PAGE, content_type=_HTML),
    Kind.GATEWAY_TIMEOUT: lambda fault, arrival, answer: Answer(504, text="upstream request timeout"),
    Kind.ID_BURNT: lambda fault, arrival, answer: Answer(504, text="upstream request timeout"),
    Kind.DUPLICATE: lambda fault, arrival, answer: Answer(409, {"detail": "Reference ID must be unique"}),
    Kind.TRUNCATED: _truncated,
    Kind.EMPTY: _empty,
    Kind.LAGGING: _lagging,
    Kind.FEWER_SHARES: _fewer_shares,
    Kind.UNKNOWN_STATUS: _unknown_status,
    Kind.UNKNOWN_FIELDS: _unknown_fields,
}
