"""What a read and a write give, and which error each trouble on the wire becomes."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from decimal import Decimal
from email.utils import formatdate

import pytest

from tests.brokers.http.conftest import AMPLE, KEY_ID, QUICK, SECRET, StoppedPause, api_at
from tests.fakes.wilful_server import SERVER_TIME, Conversation, Deed, Reply, Server, closed_port
from tradebot.brokers.alpaca.authorisation import Keys
from tradebot.brokers.http.api import Api, ReadRefused
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.errors import Blocked, BrokerUnavailable, OrderRefused, OutcomeUnknown, TradebotError

ORDER = {"symbol": "SPY", "qty": "1", "limit_price": "100.10"}
PAGE = Reply(200, body=b"<!doctype html><html><body>Welcome</body></html>", kind="text/html")
BAD_GATEWAY = Reply(502, body=b"<html><head><title>502 Bad Gateway</title></head></html>", kind="text/html")
NOT_FOUND = Reply(404, {"code": 40410000, "message": "order not found for xyz"})
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def reset(with_client: Conversation) -> None:
    with_client.reset()


def silence(with_client: Conversation) -> None:
    with_client.wait()


def hang_up(with_client: Conversation) -> None:
    """Close without a word."""


def cut_off_by_length(with_client: Conversation) -> None:
    with_client.say(HEAD + b'Content-Length: 100\r\n\r\n{"id": "abc", "sta')


def cut_off_in_a_chunk(with_client: Conversation) -> None:
    with_client.say(HEAD + b'Transfer-Encoding: chunked\r\n\r\n20\r\n{"id": "abc"')


def drip_the_head(with_client: Conversation) -> None:
    drip(with_client, b"HTTP/1.1 200 OK\r\nX-Long: ")


def drip_the_body(with_client: Conversation) -> None:
    drip(with_client, HEAD + b"Content-Length: 100000\r\n\r\n")


def drip(with_client: Conversation, beginning: bytes) -> None:
    """A byte every so often, so that each gap is shorter than any time-out for one."""
    with_client.say(beginning)
    while not with_client.server.over.wait(0.03):
        try:
            with_client.say(b"1")
        except OSError:
            return


#: Those that keep somebody waiting.
SLOW: dict[str, Deed] = {"silence": silence, "dripping head": drip_the_head, "dripping body": drip_the_body}
#: Troubles after which nobody knows whether a write took effect; a read is tried again.
LOST: dict[str, Deed] = {
    "reset": reset,
    "hung up": hang_up,
    "cut off by its length": cut_off_by_length,
    "cut off in a chunk": cut_off_in_a_chunk,
    "truncated JSON": Reply(200, body=b'{"id": "abc", "sta'),
    "empty success": Reply(200, body=b""),
    "null": Reply(200, None),
    "no number": Reply(200, body=b'{"qty": NaN}'),
    "not UTF-8": Reply(200, body=b'{"name": "\xff"}'),
    "500 in its own words": Reply(500, {"code": 50010000, "message": "internal server error occurred"}),
    "502 with HTML": BAD_GATEWAY,
    "504 with nothing": Reply(504, body=b""),
    "408": Reply(408, {"message": "request timeout"}),
    **SLOW,
}
#: Answers of somebody else: a write is in doubt, and no pause makes a read better.
ELSEWHERE: dict[str, Deed] = {
    "web page": PAGE,
    "redirect": Reply(302, {"message": "moved"}, {"Location": "https://www.example.com/"}),
    "missing page": Reply(404, body=b"<html>404</html>", kind="text/html"),
    "unknown address in JSON": Reply(404, {"message": "endpoint not found."}),
    "unknown address with a code": Reply(404, {"code": 40410000, "message": "endpoint not found."}),
    "forbidding page": Reply(403, body=b"<html>403 Forbidden</html>", kind="text/html"),
}
KEYS: dict[str, Deed] = {
    "401": Reply(401, {"message": "unauthorized."}),
    "401 with a code": Reply(401, {"code": 40110000, "message": "request is not authorized"}),
    "401 with nothing": Reply(401, body=b""),
    "403 without a code": Reply(403, {"message": "forbidden."}),
}


def read_all(api: Api) -> object:
    return api.read("/v2/orders", {"status": "all", "limit": "500"})


def test_a_read_sends_parameters_and_keys_and_gives_decimals(api: Api, server: Server) -> None:
    server.deeds = [Reply(content=[{"price": 0.1, "qty": "3"}])]
    assert read_all(api) == [{"price": Decimal("0.1"), "qty": "3"}]
    [seen] = server.seen
    assert (seen.method, seen.path) == ("GET", "/v2/orders?status=all&limit=500")
    assert (seen.headers["apca-api-key-id"], seen.headers["apca-api-secret-key"]) == (KEY_ID, SECRET)


def test_paths_keep_their_version_and_colons(api: Api, server: Server) -> None:
    api.read("/v1/corporate-actions", {"symbols": "BRK.B,SPY"})
    api.read("/v2/orders:by_client_order_id", {"client_order_id": "tb:1/2 3"})
    assert [seen.path for seen in server.seen] == [
        "/v1/corporate-actions?symbols=BRK.B%2CSPY",
        "/v2/orders:by_client_order_id?client_order_id=tb%3A1%2F2+3",
    ]


def test_a_write_sends_its_body_as_it_is(api: Api, server: Server) -> None:
    server.deeds = [Reply(content={"id": "abc"}), Reply(204), Reply(207, [{"id": "a", "status": 500}])]
    assert api.write("POST", "/v2/orders", ORDER) == {"id": "abc"}
    assert api.write("DELETE", "/v2/orders/abc") is None
    assert api.write("DELETE", "/v2/orders") == [{"id": "a", "status": 500}]
    assert [(seen.method, seen.path) for seen in server.seen] == [
        ("POST", "/v2/orders"),
        ("DELETE", "/v2/orders/abc"),
        ("DELETE", "/v2/orders"),
    ]
    assert json.loads(server.seen[0].body) == ORDER
    assert server.seen[0].headers["content-type"] == "application/json"


def api_for(deed: Deed, server: Server, pause: StoppedPause) -> Api:
    return api_at(server.url, pause, QUICK if deed in SLOW.values() else AMPLE)


@pytest.mark.parametrize("deed", LOST.values(), ids=LOST)
def test_a_read_is_tried_again_after_a_trouble_that_passes(deed: Deed, server: Server, pause: StoppedPause) -> None:
    api = api_for(deed, server, pause)
    server.deeds = [deed]
    server.usual = Reply(content=[1])
    assert read_all(api) == [1]
    assert pause.slept[0] == 0.5


@pytest.mark.parametrize("deed", LOST.values(), ids=LOST)
def test_a_write_is_sent_once_and_its_outcome_is_unknown(deed: Deed, server: Server, pause: StoppedPause) -> None:
    api = api_for(deed, server, pause)
    server.deeds = [deed]
    with pytest.raises(OutcomeUnknown, match="nobody knows what became of it") as caught:
        api.write("POST", "/v2/orders", ORDER)
    assert len(server.seen) == 1 and pause.slept == []
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("deed", LOST.values(), ids=LOST)
def test_a_read_ends_when_patience_does(deed: Deed, server: Server, pause: StoppedPause) -> None:
    api = api_for(deed, server, pause)
    server.usual = deed
    with pytest.raises(BrokerUnavailable):
        read_all(api)
    assert len(server.seen) == 4 and pause.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("deed", [drip_the_head, drip_the_body])
def test_an_answer_that_never_stops_coming_is_not_waited_for(deed: Deed, server: Server, pause: StoppedPause) -> None:
    api = api_at(server.url, pause, Timeouts(connect=10, idle=10, response=0.3))
    server.deeds = [deed]
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown, match=r"no whole answer within 0\.3 seconds"):
        api.write("POST", "/v2/orders", ORDER)
    assert time.monotonic() - begun < 5
    for thread in threading.enumerate():
        if thread.name == "request":
            thread.join(5)
            assert not thread.is_alive()


@pytest.mark.parametrize("deed", ELSEWHERE.values(), ids=ELSEWHERE)
def test_an_address_that_leads_elsewhere_is_said_at_once(
    deed: Deed, api: Api, server: Server, pause: StoppedPause
) -> None:
    server.usual = deed
    with pytest.raises(BrokerUnavailable, match="Check ALPACA_BASE_URL"):
        read_all(api)
    assert len(server.seen) == 1 and pause.slept == []
    with pytest.raises(BrokerUnavailable):
        api.read_or_none("/v2/positions/SPY")
    with pytest.raises(OutcomeUnknown):
        api.write("POST", "/v2/orders", ORDER)


@pytest.mark.parametrize("deed", KEYS.values(), ids=KEYS)
def test_keys_that_are_not_accepted_block(deed: Deed, api: Api, server: Server) -> None:
    server.usual = deed
    for asked in (
        lambda: read_all(api),
        lambda: api.read_or_none("/v2/account"),
        lambda: api.write("POST", "/v2/orders", ORDER),
    ):
        with pytest.raises(Blocked, match="does not accept the keys") as caught:
            asked()
        assert "ALPACA_API_KEY and ALPACA_SECRET_KEY" in str(caught.value)
    assert len(server.seen) == 3


def test_what_the_broker_does_not_have_is_none(api: Api, server: Server) -> None:
    server.usual = NOT_FOUND
    assert api.read_or_none("/v2/orders:by_client_order_id", {"client_order_id": "x"}) is None
    with pytest.raises(ReadRefused, match="order not found for xyz"):
        read_all(api)
    with pytest.raises(OrderRefused, match="order not found for xyz") as caught:
        api.write("DELETE", "/v2/orders/abc")
    assert caught.value.reason == "40410000"


def test_a_read_that_is_declined_is_not_repeated(api: Api, server: Server, pause: StoppedPause) -> None:
    server.deeds = [
        Reply(422, {"code": 42210000, "message": "limit is out of range"}),
        Reply(400, {"message": "invalid symbol: X/Y"}),
        Reply(403, {"message": "subscription does not permit querying recent SIP data"}),
    ]
    for code, words, subscription in (
        ("42210000", "limit is out of range", False),
        ("400", "invalid symbol: X/Y", False),
        ("403", "recent SIP data", True),
    ):
        with pytest.raises(ReadRefused, match=words) as caught:
            read_all(api)
        assert (caught.value.code, caught.value.subscription) == (code, subscription)
    assert pause.slept == []


@pytest.mark.parametrize(
    ("status", "code", "words", "advice"),
    [
        (422, 40010001, "client_order_id must be unique", "already there"),
        (403, 40310000, "insufficient buying power", "reserve buying power"),
        (403, 40310000, "insufficient qty available for order (requested: 10, available: 0)", "holds these shares"),
        (403, 40310000, 'asset "ABC" is not fractionable', "whole shares"),
        (403, 40310000, "potential wash trade detected. use complex orders", "other side"),
        (403, 40310000, "account is not allowed to short", "sold short"),
        (422, 42210000, "invalid limit_price 10.001. sub-penny increment does not fulfill minimum", "two decimals"),
        (422, 42210000, "asset ABC is not active", ""),
        (422, 42219999, "some words that nobody has seen yet", ""),
    ],
)
def test_an_order_that_is_refused(
    status: int, code: int, words: str, advice: str, api: Api, server: Server, pause: StoppedPause
) -> None:
    server.usual = Reply(status, {"code": code, "message": words})
    with pytest.raises(OrderRefused) as caught:
        api.write("POST", "/v2/orders", ORDER)
    assert caught.value.reason == str(code)
    assert words in str(caught.value) and advice in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("reply", [Reply(429, {"message": "too many requests."}), Reply(429, body=b"slow down")])
def test_a_write_that_came_too_often_had_no_effect_and_is_not_repeated(
    reply: Reply, api: Api, server: Server, pause: StoppedPause
) -> None:
    server.usual = reply
    with pytest.raises(BrokerUnavailable, match="too often"):
        api.write("POST", "/v2/orders", ORDER)
    assert len(server.seen) == 1 and pause.slept == []


@pytest.mark.parametrize(
    ("headers", "date", "waited"),
    [
        ({}, SERVER_TIME, 0.5),
        ({"Retry-After": "7"}, SERVER_TIME, 7.0),
        ({"Retry-After": formatdate(SERVER_TIME + 12, usegmt=True)}, SERVER_TIME, 12.0),
        ({"Retry-After": formatdate(SERVER_TIME - 12, usegmt=True)}, SERVER_TIME, 0.0),
        ({"Retry-After": formatdate(SERVER_TIME + 12, usegmt=True)}, None, 0.5),
        ({"Retry-After": "soon"}, SERVER_TIME, 0.5),
        ({"Retry-After": "-1"}, SERVER_TIME, 0.5),
        ({"X-RateLimit-Reset": str(SERVER_TIME + 23)}, SERVER_TIME, 23.0),
    ],
)
def test_a_read_waits_as_long_as_the_broker_asks_for(
    headers: dict[str, str], date: int | None, waited: float, api: Api, server: Server, pause: StoppedPause
) -> None:
    server.deeds = [Reply(429, {"message": "too many requests."}, headers, date=date), Reply(content=[1])]
    assert read_all(api) == [1]
    assert pause.slept == [waited]


def test_a_read_does_not_wait_longer_than_patience(api: Api, server: Server, pause: StoppedPause) -> None:
    server.usual = Reply(503, {"message": "maintenance"}, {"Retry-After": "3600"})
    with pytest.raises(BrokerUnavailable, match="503: maintenance"):
        read_all(api)
    assert len(server.seen) == 1 and pause.slept == []


def test_a_refused_connection_is_no_effect(pause: StoppedPause) -> None:
    api = api_at(f"http://127.0.0.1:{closed_port()}", pause)
    with pytest.raises(BrokerUnavailable, match="refused the connection: nothing was sent"):
        api.write("POST", "/v2/orders", ORDER)
    with pytest.raises(BrokerUnavailable, match="refused the connection"):
        read_all(api)


def test_a_name_that_nobody_knows_is_no_effect(pause: StoppedPause) -> None:
    api = api_at("http://paper-api.alpaca.invalid", pause, Timeouts(connect=0.5, idle=0.2, response=20))
    with pytest.raises(BrokerUnavailable, match=r"cannot be found: the name is misspelt.*nothing was sent"):
        api.write("POST", "/v2/orders", ORDER)


def test_a_server_that_does_not_speak_tls_is_no_effect(server: Server, pause: StoppedPause) -> None:
    api = api_at(server.url.replace("http:", "https:"), pause)
    with pytest.raises(BrokerUnavailable, match="nothing was sent"):
        api.write("POST", "/v2/orders", ORDER)
    assert server.seen == []


def test_after_a_read_was_given_up_later_ones_are_tried_once(api: Api, server: Server, pause: StoppedPause) -> None:
    server.deeds = [*[BAD_GATEWAY] * 6, Reply(content=[1]), BAD_GATEWAY, Reply(content=[2])]
    for requests in (4, 5, 6):
        with pytest.raises(BrokerUnavailable):
            read_all(api)
        assert len(server.seen) == requests
    assert read_all(api) == [1]
    assert read_all(api) == [2]


def test_what_was_given_up_before_it_left_never_leaves(pause: StoppedPause) -> None:
    """A listener that takes no connection in: given up while it is still connecting, nothing may follow."""
    with socket.socket() as deaf, contextlib.ExitStack() as queue:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            filler = queue.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        api = api_at(f"http://127.0.0.1:{deaf.getsockname()[1]}", pause, Timeouts(connect=5, send=0.2, idle=5))
        with pytest.raises(BrokerUnavailable, match="nothing was sent"):
            api.write("POST", "/v2/orders", ORDER)
        assert not arrived_at(deaf)


def test_a_read_of_a_minute_without_allowance_does_not_outlast_patience(server: Server, pause: StoppedPause) -> None:
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(SERVER_TIME + 50), "Retry-After": "1"}
    server.usual = Reply(429, {"message": "too many requests."}, used_up)
    with pytest.raises(BrokerUnavailable, match="too often"):
        read_all(api_at(server.url, pause))
    assert pause.slept == [50.0]


def arrived_at(listener: socket.socket) -> bytes:
    """Everything that was written to the connections of a listener."""
    listener.settimeout(1.5)  # TCP knocks again after a second
    everything = b""
    with contextlib.suppress(TimeoutError):
        while True:
            taken, _ = listener.accept()
            with taken, contextlib.suppress(OSError):
                taken.settimeout(0.2)
                everything += taken.recv(1000)
    return everything


def test_no_secret_is_in_any_message(server: Server, pause: StoppedPause) -> None:
    api = api_at(server.url, pause, QUICK)
    words = [repr(api), repr(api.endpoint), repr(Keys(KEY_ID, SECRET))]
    deeds: list[Deed] = [reset, silence, BAD_GATEWAY, *ELSEWHERE.values(), *KEYS.values(), NOT_FOUND]
    for deed in deeds:
        server.usual = deed
        for asked in (lambda: read_all(api), lambda: api.write("POST", "/v2/orders", ORDER)):
            with pytest.raises(TradebotError) as caught:
                asked()
            error: BaseException | None = caught.value
            while error is not None:
                words += [str(error), repr(error)]
                error = error.__cause__ or error.__context__
    assert KEY_ID not in "\n".join(words) and SECRET not in "\n".join(words)
