"""A request that was refused for its credentials: it did nothing, and goes once more where newer ones are there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.brokers.http.conftest import AMPLE, StoppedPause
from tests.fakes.wilful_server import Reply, Server
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.errors import Blocked, BrokerUnavailable, OutcomeUnknown
from tradebot.settings.endpoints import Endpoint

REFUSED = Reply(401, {"message": "unauthorized."})


class Tokens:
    """Tokens, of which the next is taken when one is refused; implements Authorisation."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)

    noun = "the token"

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": self._tokens[0]}

    def renew(self, refused: Mapping[str, str]) -> bool:
        assert refused == self.headers()
        if len(self._tokens) == 1:
            return False
        self._tokens.pop(0)
        return True

    def refusal(self, message: str) -> Blocked:
        return Blocked(f"log in: {message}")


def api_with(server: Server, pause: StoppedPause, *tokens: str) -> Api:
    client = Client(Endpoint(server.url, "SOME_URL"), AMPLE)
    return Api(client, Tokens(*tokens), parse_response, RateLimiter(), pause, AMPLE)


def test_a_write_that_was_not_let_in_goes_once_more_with_a_newer_token(server: Server, pause: StoppedPause) -> None:
    server.deeds = [REFUSED, Reply(content={"id": "abc"})]
    assert api_with(server, pause, "old", "new").write("POST", "/orders", {"a": "b"}) == {"id": "abc"}
    assert [seen.headers["authorization"] for seen in server.seen] == ["old", "new"]


def test_a_second_refusal_is_final(server: Server, pause: StoppedPause) -> None:
    server.usual = REFUSED
    with pytest.raises(Blocked, match="log in: 127"):
        api_with(server, pause, "old", "new", "newest").read("/orders")
    with pytest.raises(Blocked, match="log in: 127"):
        api_with(server, pause, "old", "new", "newest").write("POST", "/orders", {})
    assert len(server.seen) == 4


def test_a_form_is_sent_as_one(server: Server, pause: StoppedPause) -> None:
    api_with(server, pause, "t").write("POST", "/token/", {"grant_type": "a b", "x": "1"}, form=True)
    [seen] = server.seen
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.body == b"grant_type=a+b&x=1"


def test_a_lost_write_is_not_sent_again_whatever_tokens_there_are(server: Server, pause: StoppedPause) -> None:
    server.deeds = [Reply(504, body=b"")]
    with pytest.raises(OutcomeUnknown):
        api_with(server, pause, "old", "new").write("POST", "/orders", {})
    assert len(server.seen) == 1


def test_a_next_page_is_read_by_its_absolute_address(server: Server, pause: StoppedPause) -> None:
    api = api_with(server, pause, "t")
    api.read_link(f"{server.url}/orders/?cursor=a%2Fb")
    assert [seen.path for seen in server.seen] == ["/orders/?cursor=a%2Fb"]


@pytest.mark.parametrize(
    "link", ["https://evil.example/orders/", "http://127.0.0.1:1/orders/", "/orders/", "", "http://[", "file:///etc"]
)
def test_a_next_page_of_another_host_is_a_failed_read(link: str, server: Server, pause: StoppedPause) -> None:
    with pytest.raises(BrokerUnavailable, match="for its next page"):
        api_with(server, pause, "t").read_link(link)
    assert server.seen == []
