"""The headers that Alpaca gets, as its own library writes them."""

from __future__ import annotations

from tradebot.brokers.alpaca.authorisation import KeyHeaders, Keys
from tradebot.errors import Blocked


def test_the_keys_are_in_the_headers_of_alpaca_s_own_library_and_in_no_text() -> None:
    keys = Keys("PKCANARY000000000001", "Canary/Secret")
    headers = KeyHeaders(keys).headers()
    assert headers["APCA-API-KEY-ID"] == "PKCANARY000000000001"
    assert headers["APCA-API-SECRET-KEY"] == "Canary/Secret"
    assert headers["User-Agent"].startswith("APCA-PY/")
    assert "anary" not in repr(keys)


def test_keys_that_are_not_accepted_stay_so() -> None:
    keys = KeyHeaders(Keys("a", "b"))
    assert not keys.renew(keys.headers())
    assert isinstance(keys.refusal("no"), Blocked)
