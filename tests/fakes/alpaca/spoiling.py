"""What becomes of an answer of Alpaca's when something goes wrong on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival

_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
_HTML = "text/html; charset=utf-8"
_INTERNAL = {"code": 50010000, "message": "internal server error occurred"}


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
            return Answer(429, {"code": 42910000, "message": "rate limit exceeded"}, headers)
        case Kind.UNAUTHORIZED:
            return Answer(401, {"message": "unauthorized."})
        case Kind.FORBIDDEN:
            return Answer(403, {"message": "forbidden."})
        case Kind.HTML:
            return Answer(502, text=_PAGE, content_type=_HTML)
        case Kind.PAGE:
            return Answer(200, text=_PAGE, content_type=_HTML)
        case _:
            return Answer(500, _INTERNAL)


def _truncated(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    whole = json.dumps(answer.body) if answer.body is not None else "{"
    return Answer(answer.status if answer.body is not None else 200, text=whole[: len(whole) // 2] or "{")


def _duplicate(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    return Answer(422, {"code": 40010001, "message": "client_order_id must be unique"})


def _empty(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    return replace(answer, body=[]) if isinstance(answer.body, list) and answer.status == 200 else answer


def _lagging(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    """Without the rows that were booked last, whichever way the list goes."""
    if not arrival.path.startswith("/v2/account/activities") or not isinstance(answer.body, list):
        return answer
    booked = sorted(answer.body, key=lambda row: (_booked_at(row), "date" in row))
    hidden = {row["id"] for row in booked[-max(fault.amount, 1) :]}
    return replace(answer, body=[row for row in answer.body if row["id"] not in hidden])


def _booked_at(row: dict[str, Any]) -> datetime:
    told = row.get("transaction_time") or row.get("created_at") or f"{row['date']}T23:59:59Z"
    return datetime.fromisoformat(told)


def _fewer_shares(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    """As of a moment at which no position had more than so many shares; none of them with 0."""
    if arrival.path != "/v2/positions" or not isinstance(answer.body, list):
        return answer
    most = fault.amount
    fewer = [{**row, "qty": str(most)} if float(row["qty"]) > most else row for row in answer.body]
    return replace(answer, body=fewer if most else [])


def _unknown_status(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    def told(order: dict[str, Any]) -> dict[str, Any]:
        legs = order["legs"] and [told(leg) for leg in order["legs"]]
        return {**order, "status": "under_observation", "legs": legs}

    return _of_orders(answer, told)


def _unknown_fields(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    more = {"new_field": {"nested": [1, None]}, "another": "1"}
    if isinstance(answer.body, list):
        return replace(answer, body=[{**each, **more} for each in answer.body])
    return replace(answer, body={**answer.body, **more}) if isinstance(answer.body, dict) else answer


def _of_orders(answer: Answer, told: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    def perhaps(each: Any) -> Any:
        return told(each) if isinstance(each, dict) and "order_type" in each else each

    body = answer.body
    return replace(answer, body=[perhaps(each) for each in body] if isinstance(body, list) else perhaps(body))


def _skewed(fault: Fault, arrival: Arrival, answer: Answer) -> Answer:
    if arrival.path != "/v2/clock":
        return answer
    moved = datetime.fromisoformat(answer.body["timestamp"]) + timedelta(seconds=fault.amount)
    return replace(answer, body={**answer.body, "timestamp": moved.isoformat()})


_AFTERWARDS: dict[Kind, Callable[[Fault, Arrival, Answer], Answer]] = {
    Kind.SERVER_ERROR_AFTER: lambda fault, arrival, answer: Answer(500, _INTERNAL),
    Kind.HTML_AFTER: lambda fault, arrival, answer: Answer(502, text=_PAGE, content_type=_HTML),
    Kind.GATEWAY_TIMEOUT: lambda fault, arrival, answer: Answer(504, {"message": "gateway timeout"}),
    Kind.TRUNCATED: _truncated,
    Kind.DUPLICATE: _duplicate,
    Kind.EMPTY: _empty,
    Kind.LAGGING: _lagging,
    Kind.FEWER_SHARES: _fewer_shares,
    Kind.UNKNOWN_STATUS: _unknown_status,
    Kind.UNKNOWN_FIELDS: _unknown_fields,
    Kind.SKEWED: _skewed,
}
