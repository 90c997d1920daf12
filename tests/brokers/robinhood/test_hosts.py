"""The hosts that get a token, held against the addresses of robin-stocks."""

from __future__ import annotations

from urllib.parse import urlsplit

from robin_stocks.robinhood import urls

from tradebot.brokers.robinhood.hosts import ACCOUNT_URL, HEADERS, TRANSFERS_URL, account_host, transfers_host


def test_the_hosts_are_those_of_robin_stocks_over_https() -> None:
    for ours, theirs in ((ACCOUNT_URL, urls.login_url()), (TRANSFERS_URL, urls.unifiedtransfers_url())):
        assert ours == f"https://{urlsplit(theirs).hostname}"
    assert account_host(None).url == ACCOUNT_URL
    assert transfers_host(None).url == TRANSFERS_URL
    assert account_host("http://127.0.0.1:1").url == transfers_host("http://127.0.0.1:1").url == "http://127.0.0.1:1"


def test_the_headers_name_the_version_and_no_kind_of_content() -> None:
    assert "X-Robinhood-API-Version" in HEADERS
    assert not {"Content-Type", "Accept-Encoding", "Authorization"} & HEADERS.keys()
