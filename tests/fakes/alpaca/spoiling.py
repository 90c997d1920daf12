"""What becomes of an answer of Alpaca's when something goes wrong on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.spoiling import Spoil, Words, truncated, with_unknown_fields

_INTERNAL = Answer(500, {"code": 50010000, "message": "internal server error occurred"})


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


_AFTER: dict[Kind, Spoil] = {
    Kind.SERVER_ERROR_AFTER: lambda fault, arrival, answer: _INTERNAL,
    Kind.GATEWAY_TIMEOUT: lambda fault, arrival, answer: Answer(504, {"message": "gateway timeout"}),
    Kind.TRUNCATED: truncated,
    Kind.DUPLICATE: _duplicate,
    Kind.EMPTY: _empty,
    Kind.LAGGING: _lagging,
    Kind.FEWER_SHARES: _fewer_shares,
    Kind.UNKNOWN_STATUS: _unknown_status,
    Kind.UNKNOWN_FIELDS: with_unknown_fields,
    Kind.SKEWED: _skewed,
}
WORDS = Words(
    page="<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
    html="text/html; charset=utf-8",
    internal=_INTERNAL,
    unauthorized=Answer(401, {"message": "unauthorized."}),
    forbidden=Answer(403, {"message": "forbidden."}),
    too_many=lambda fault: {"code": 42910000, "message": "rate limit exceeded"},
    after=_AFTER,
)
