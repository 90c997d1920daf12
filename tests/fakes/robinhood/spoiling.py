"""What becomes of an answer of Robinhood's when something goes wrong on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.spoiling import Spoil, Words, truncated, with_unknown_fields

_HTML = "text/html; charset=UTF-8"


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


_AFTER: dict[Kind, Spoil] = {
    Kind.SERVER_ERROR_AFTER: lambda fault, arrival, answer: Answer(500, text="<h1>Server Error (500)</h1>"),
    Kind.GATEWAY_TIMEOUT: lambda fault, arrival, answer: Answer(504, text="upstream request timeout"),
    Kind.ID_BURNT: lambda fault, arrival, answer: Answer(504, text="upstream request timeout"),
    Kind.DUPLICATE: lambda fault, arrival, answer: Answer(409, {"detail": "Reference ID must be unique"}),
    Kind.TRUNCATED: truncated,
    Kind.EMPTY: _empty,
    Kind.LAGGING: _lagging,
    Kind.FEWER_SHARES: _fewer_shares,
    Kind.UNKNOWN_STATUS: _unknown_status,
    Kind.UNKNOWN_FIELDS: with_unknown_fields,
}
WORDS = Words(
    page="<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>api.robinhood.com | 502</body></html>",
    html=_HTML,
    internal=Answer(500, text="<h1>Server Error (500)</h1>", content_type=_HTML),
    unauthorized=Answer(401, {"detail": "Incorrect authentication credentials."}),
    forbidden=Answer(403, {"detail": "You do not have permission to perform this action."}),
    too_many=lambda fault: {"detail": f"Request was throttled. Expected available in {fault.amount or 30} seconds."},
    after=_AFTER,
)
