"""What every broker's reading shares: successes, and responses of somebody else."""

from __future__ import annotations

import pytest

from tradebot.brokers.http.response_meaning import MAX_MESSAGE, ResponseClass, read_success, shortened, wrong_service
from tradebot.brokers.http.responses import HttpResponse


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b'{"a": 1}', ResponseClass.SUCCESS),
        (204, b"", ResponseClass.SUCCESS),
        (200, b"", ResponseClass.UNREADABLE),
        (200, b"null", ResponseClass.UNREADABLE),
        (200, b'{"a": 1', ResponseClass.UNREADABLE),
    ],
)
def test_a_success_without_readable_content_is_none(status: int, body: bytes, meaning: ResponseClass) -> None:
    parsed = read_success(HttpResponse(status, {}, body))
    assert parsed is not None and parsed.meaning is meaning


def test_a_web_page_is_no_success() -> None:
    assert read_success(HttpResponse(200, {}, b"<html>")) is None


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(302, b"", "a redirection"), (403, b"<html>", "a web page"), (403, b"[]", "not in the words of the API")],
)
def test_who_else_wrote_a_response_is_told_as_far_as_it_shows(status: int, body: bytes, words: str) -> None:
    parsed = wrong_service(HttpResponse(status, {}, body), "the API", "Look there.")
    assert (parsed.meaning, parsed.advice) == (ResponseClass.WRONG_SERVICE, "Look there.")
    assert words in parsed.summary


def test_a_long_message_is_cut() -> None:
    assert len(shortened("x " * 1000)) == MAX_MESSAGE
