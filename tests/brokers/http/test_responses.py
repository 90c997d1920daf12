"""Bodies of responses: exact numbers, the broker's own errors, and what somebody else wrote."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradebot.brokers.http.responses import ErrorBody, HttpResponse, NotJson, decode_json, error_body, is_html


def test_numbers_are_exact() -> None:
    assert decode_json(b'{"price": 0.1, "shares": 10}') == {"price": Decimal("0.1"), "shares": 10}


@pytest.mark.parametrize("body", [b"", b'{"price": 0.1', b'{"price": NaN}', b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        decode_json(body)


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


def test_a_web_page_is_known_by_its_type_or_its_first_letter() -> None:
    assert is_html(HttpResponse(502, {"Content-Type": "text/HTML; charset=utf-8"}, b""))
    assert is_html(HttpResponse(502, {}, b"\n <!doctype html>"))
    assert not is_html(HttpResponse(502, {"Content-Type": "application/json"}, b"{}"))
