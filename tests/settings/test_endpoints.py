"""The services that requests are sent to."""

from __future__ import annotations

import pytest

from tradebot.settings.endpoints import Endpoint


@pytest.mark.parametrize(
    ("url", "host", "loopback"),
    [
        ("https://api.example.com", "api.example.com", False),
        ("http://127.0.0.1:4010", "127.0.0.1:4010", True),
        ("http://[::1]:4010", "[::1]:4010", True),
        ("http://127.0.0.1.example.com", "127.0.0.1.example.com", False),
    ],
)
def test_the_host_and_whether_it_is_this_machine(url: str, host: str, loopback: bool) -> None:
    endpoint = Endpoint(url, "SOME_URL")
    assert (endpoint.host, endpoint.loopback) == (host, loopback)
