"""Lists in pages: all of them, or a failed read."""

from __future__ import annotations

import pytest

from tests.brokers.robinhood.conftest import Desk, MakeDesk
from tests.fakes.alpaca.client import Unhurried
from tests.fakes.data_host import Answer, Asked, serving
from tests.fakes.robinhood import Terms
from tests.fakes.robinhood.client import GrantedToken
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.robinhood import addresses, pages
from tradebot.brokers.robinhood.pages import read_pages, read_rows
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.errors import BrokerUnavailable
from tradebot.settings.endpoints import Endpoint

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")


def symbols_of(desk: Desk) -> list[str]:
    return [row["symbol"] for row in read_rows(desk.api, addresses.INSTRUMENTS, {}, "instruments")]


def test_every_page_is_read_by_the_address_that_the_one_before_names(robinhood: MakeDesk) -> None:
    desk = robinhood(symbols=SYMBOLS, terms=Terms(page_rows=2))
    assert symbols_of(desk) == list(SYMBOLS)
    assert desk.asked == ["GET /instruments/"] * 3


def test_a_next_page_at_another_host_is_a_failed_read_and_gets_no_token(robinhood: MakeDesk) -> None:
    desk = robinhood(symbols=SYMBOLS, terms=Terms(page_rows=2, next_host="https://api.robinhood.example"))
    with pytest.raises(BrokerUnavailable, match=r"named api\.robinhood\.example for its next page"):
        symbols_of(desk)
    assert len(desk.asked) == 1


class Host:
    """Answers each request with the next of the given contents; the last one for ever."""

    def __init__(self, *contents: object) -> None:
        self.url = ""
        self.contents = list(contents)

    def answer(self, asked: Asked) -> Answer:
        content = self.contents.pop(0) if len(self.contents) > 1 else self.contents[0]
        if isinstance(content, tuple):
            return content
        if isinstance(content, dict) and content.get("next"):
            content = {**content, "next": f"{self.url}{content['next']}"}
        return 200, content


def rows(*contents: object) -> list[object]:
    with serving(Host(*contents)) as host:
        client = Client(Endpoint(host.url, "ROBINHOOD_BASE_URL"), Timeouts())
        api = Api(client, GrantedToken("t"), parse_response, RateLimiter(1_000_000), Unhurried(), Timeouts())
        return read_rows(api, "/dividends/", {}, "dividends")


def test_a_second_page_that_fails_is_a_failed_read() -> None:
    first = {"next": "/dividends/?cursor=2", "results": [1]}
    second: object
    for second in ((500, {}), (404, {"detail": "Not found."}), (200, b'{"next": null, "resul'), {"next": None}, []):
        with pytest.raises(BrokerUnavailable):
            rows(first, second)


def test_pages_that_come_again_or_never_end_are_a_failed_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokerUnavailable, match="have no end"):
        rows({"next": "/dividends/?cursor=2", "results": [1]})
    monkeypatch.setattr(pages, "MAX_PAGES", 3)
    with pytest.raises(BrokerUnavailable, match="have no end"):
        rows(*({"next": f"/dividends/?cursor={number}", "results": [1]} for number in range(9)))


def test_pages_are_read_no_further_than_they_are_asked_for(robinhood: MakeDesk) -> None:
    desk = robinhood(symbols=SYMBOLS, terms=Terms(page_rows=2))
    first = next(iter(read_pages(desk.api, addresses.INSTRUMENTS, {}, "instruments")))
    assert len(first) == 2
    assert len(desk.asked) == 1
