"""Bodies of responses: exact numbers, and what somebody else wrote."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradebot.brokers.http.responses import HttpResponse, NotJson, decode_json, is_html


def test_numbers_are_exact() -> None:
    assert decode_json(b'{"price": 0.1, "shares": 10}') == {"price": Decimal("0.1"), "shares": 10}


@pytest.mark.parametrize("body", [b"", b'{"price": 0.1', b'{"price": NaN}', b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        decode_json(body)


def test_a_web_page_is_known_by_its_type_or_its_first_letter() -> None:
    assert is_html(HttpResponse(502, {"Content-Type": "text/HTML; charset=utf-8"}, b""))
    assert is_html(HttpResponse(502, {}, b"\n <!doctype html>"))
    assert not is_html(HttpResponse(502, {"Content-Type": "application/json"}, b"{}"))
