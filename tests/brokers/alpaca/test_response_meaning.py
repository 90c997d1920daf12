"""Whatever is answered means something; success, absence and refusal are believed of the broker's own words only."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tradebot.brokers.alpaca.response_meaning import ErrorBody, error_body, parse_response
from tradebot.brokers.http.response_meaning import MAX_MESSAGE, ResponseClass
from tradebot.brokers.http.responses import HttpResponse
from tradebot.settings.endpoints import Endpoint

ENDPOINT = Endpoint("https://paper-api.alpaca.markets", "ALPACA_BASE_URL")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "message", "id"]), inner),
    max_leaves=5,
)
errors = st.fixed_dictionaries({"message": st.text(max_size=400)}, optional={"code": st.integers(0, 60_000_000)})
bodies = st.binary(max_size=40) | (anything | errors).map(lambda content: json.dumps(content).encode())


@given(st.integers(100, 599), bodies, st.sampled_from(["application/json", "text/html", ""]))
@example(200, b"[" * 100_000, "application/json")
@example(200, b"1" * 100_000, "application/json")
@example(404, b'{"code": null, "message": "order not found"}', "application/json")
def test_every_answer_means_something(status: int, body: bytes, kind: str) -> None:
    found = parse_response(HttpResponse(status, {"Content-Type": kind}, body), ENDPOINT)
    if found.meaning is ResponseClass.SUCCESS:
        assert status in range(200, 300)
        assert found.content is not None or status == 204
    if found.meaning is ResponseClass.NOT_FOUND:
        assert status == 404 and json.loads(body)["code"] is not None
    if found.meaning is ResponseClass.REFUSED:
        assert status in range(400, 500) and isinstance(json.loads(body)["message"], str)
    if status >= 500 or status == 408:
        assert found.meaning is ResponseClass.SERVER_ERROR
    if status in range(300, 400):
        assert found.meaning is ResponseClass.WRONG_SERVICE
    assert len(found.summary) < MAX_MESSAGE + 100


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'{"code": 40310000, "message": " insufficient buying power "}',
            ErrorBody("40310000", "insufficient buying power"),
        ),
        (b'{"message": "forbidden."}', ErrorBody("", "forbidden.")),
        (b'{"code": 1}', None),
        (b'["message"]', None),
        (b"<html>502</html>", None),
    ],
)
def test_the_brokers_own_error_is_told_from_anybody_elses(body: bytes, error: ErrorBody | None) -> None:
    assert error_body(HttpResponse(403, {}, body)) == error
