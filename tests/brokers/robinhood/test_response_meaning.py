"""What each answer of Robinhood's means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tradebot.brokers.http.response_meaning import ResponseClass
from tradebot.brokers.http.responses import HttpResponse
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.settings.endpoints import Endpoint

ROBINHOOD = Endpoint("https://api.robinhood.com", "ROBINHOOD_BASE_URL")
HTML = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"


def answer(status: int, body: Any, kind: str = "application/json") -> HttpResponse:
    return HttpResponse(status, {"Content-Type": kind}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, {"results": []}, ResponseClass.SUCCESS),
        (201, {"id": "x"}, ResponseClass.SUCCESS),
        (200, b'{"results": [', ResponseClass.UNREADABLE),
        (200, b"", ResponseClass.UNREADABLE),
        (200, b"null", ResponseClass.UNREADABLE),
        (200, HTML, ResponseClass.WRONG_SERVICE),
        (301, b"", ResponseClass.WRONG_SERVICE),
        (400, {"detail": "Not enough buying power."}, ResponseClass.REFUSED),
        (400, {"ref_id": ["order with this ref id already exists."]}, ResponseClass.REFUSED),
        (401, {"detail": "Incorrect authentication credentials."}, ResponseClass.UNAUTHORIZED),
        (401, HTML, ResponseClass.UNAUTHORIZED),
        (403, {"detail": "Order cannot be cancelled at this time"}, ResponseClass.REFUSED),
        (403, {"detail": "Authentication credentials were not provided."}, ResponseClass.UNAUTHORIZED),
        (403, HTML, ResponseClass.WRONG_SERVICE),
        (404, {"detail": "Not found."}, ResponseClass.NOT_FOUND),
        (404, HTML, ResponseClass.WRONG_SERVICE),
        (409, {"detail": "Reference ID must be unique"}, ResponseClass.REFUSED),
        (429, {"detail": "Request was throttled."}, ResponseClass.RATE_LIMITED),
        (429, HTML, ResponseClass.RATE_LIMITED),
        (408, b"", ResponseClass.SERVER_ERROR),
        (500, {"detail": "Internal server error"}, ResponseClass.SERVER_ERROR),
        (504, HTML, ResponseClass.SERVER_ERROR),
    ],
)
def test_answers_are_told_apart(status: int, body: Any, meaning: ResponseClass) -> None:
    kind = "text/html" if body == HTML else "application/json"
    assert parse_response(answer(status, body, kind), ROBINHOOD).meaning is meaning


def test_the_seconds_that_a_throttled_request_shall_wait_are_read() -> None:
    parsed = parse_response(
        answer(429, {"detail": "Request was throttled. Expected available in 12 seconds."}), ROBINHOOD
    )
    assert parsed.wait == 12.0
    assert parse_response(answer(429, b""), ROBINHOOD).wait is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "You can only purchase 3 shares."}, "status 400, You can only purchase 3 shares."),
        ({"non_field_errors": ["Invalid limit order", "Again"]}, "status 400, Invalid limit order; Again"),
        ({"price": ["Is too high"], "quantity": "No"}, "status 400, price: Is too high; quantity: No"),
        ({"verification_workflow": {"id": "x"}}, "status 400"),
    ],
)
def test_an_error_is_told_in_robinhood_s_words(body: Any, words: str) -> None:
    parsed = parse_response(answer(400, body), ROBINHOOD)
    assert parsed.summary == words
    assert parsed.code == "400"


def test_a_page_of_html_is_explained_by_the_setting_only_where_one_leads_there() -> None:
    page = answer(403, HTML, "text/html")
    assert "ROBINHOOD_BASE_URL" not in parse_response(page, ROBINHOOD).advice
    local = Endpoint("http://127.0.0.1:1", "ROBINHOOD_BASE_URL")
    assert "ROBINHOOD_BASE_URL" in parse_response(page, local).advice
