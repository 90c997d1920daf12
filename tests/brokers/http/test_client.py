"""What a request may and may not do on its way."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.brokers.http.conftest import AMPLE, KEY_ID, SECRET, StoppedPause, api_at
from tests.brokers.http.test_authorisation import REFUSED, Tokens
from tests.fakes.wilful_server import Conversation, Reply, Server, closed_port
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http import client
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.responses import TransportError
from tradebot.errors import BrokerUnavailable, Locked, OutcomeUnknown
from tradebot.runtime.send_guard import MOST_SECONDS, ProcessGuard
from tradebot.settings.endpoints import Endpoint


def test_a_redirect_is_not_followed(server: Server, pause: StoppedPause) -> None:
    server.deeds = [Reply(307, headers={"Location": f"{server.url}/elsewhere"})]
    with pytest.raises(OutcomeUnknown, match="redirection to another address with status 307"):
        api_at(server.url, pause).write("POST", "/v2/orders", {"a": "b"})
    assert [seen.path for seen in server.seen] == ["/v2/orders"]


def test_nothing_for_this_machine_goes_through_a_proxy(
    server: Server, pause: StoppedPause, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert api_at(server.url, pause).read("/v2/clock") == {}


def test_a_proxy_that_the_environment_names_leads_outside_and_a_request_it_refuses_never_left(
    server: Server, pause: StoppedPause, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    api = api_at("https://paper-api.alpaca.invalid", pause)
    with pytest.raises(BrokerUnavailable, match="through the proxy that the environment names: nothing was sent"):
        api.write("POST", "/v2/orders", {"a": "b"})
    assert server.seen == []  # it was asked for a tunnel, and got no key


def test_no_other_login_is_sent_along(
    server: Server, pause: StoppedPause, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\ndefault login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(Endpoint, "loopback", False)  # for those of this machine the environment is not looked at
    api_at(server.url, pause).read("/v2/clock")
    [seen] = server.seen
    assert "authorization" not in seen.headers
    assert (seen.headers["apca-api-key-id"], seen.headers["apca-api-secret-key"]) == (KEY_ID, SECRET)


def test_an_answer_without_end_is_not_kept(
    server: Server, pause: StoppedPause, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 1000)
    server.usual = Reply(body=b"[" + b" " * 200_000 + b"]")
    with pytest.raises(BrokerUnavailable, match="more than any honest answer"):
        api_at(server.url, pause).read("/v2/clock")
    assert len(server.seen) == 1


def test_connections_are_kept(server: Server, pause: StoppedPause) -> None:
    api = api_at(server.url, pause)
    for _ in range(3):
        api.read("/v2/clock")
        api.write("POST", "/v2/orders", {})
    assert len(server.seen) == 6
    assert server.connections == 1


def test_a_write_leaves_only_with_its_permit(server: Server, pause: StoppedPause) -> None:
    now, waits, taken = [0.0], MOST_SECONDS + 1, False

    def confirm() -> None:
        assert server.connections, "it is asked for once the connection stands"
        now[0] += waits
        if taken:
            raise Locked("taken")

    guard = ProcessGuard(lambda: now[0])
    api = api_at(server.url, pause, guard=guard)
    api.write("DELETE", "/v2/orders/1")  # no run is bound and nothing was decided: an emergency stop's cancel
    guard.bind(confirm)
    with guard.decided(), pytest.raises(BrokerUnavailable, match=r"time was over .* nothing was sent"):
        api.write("POST", "/v2/orders", {})
    waits = 0
    with guard.decided():
        now[0] += MOST_SECONDS  # before the connection stands
        with pytest.raises(BrokerUnavailable, match=r"time was over .* nothing was sent"):
            api.write("POST", "/v2/orders", {})
    api.read("/v2/clock")
    taken = True
    with pytest.raises(Locked):
        api.write("POST", "/v2/orders", {})
    with pytest.raises(Locked):
        api.write("DELETE", "/v2/orders/2")
    assert [seen.method for seen in server.seen] == ["DELETE", "GET"]
    taken = False
    with guard.decided():
        api.write("POST", "/v2/orders", {})
    api.write("DELETE", "/v2/orders/2")
    assert [seen.method for seen in server.seen] == ["DELETE", "GET", "POST", "DELETE"]


def test_a_connection_that_stands_when_nobody_waits_for_it_any_more_sends_nothing_unconfirmed(server: Server) -> None:
    class LastMoment:
        def __init__(self) -> None:
            self.left, self.confirmed = [0.0], False

        def confirm(self) -> None:
            self.confirmed = True

        def seconds_left(self) -> float:
            return self.left.pop() if self.left else MOST_SECONDS

    sends = client.Client(Endpoint(server.url, "SOME_URL"), AMPLE)
    for _ in range(3):
        permit = LastMoment()
        with suppress(TransportError):
            sends.send(client.HttpRequest("POST", "/v2/orders"), 5.0, permit)
            assert permit.confirmed, "it was sent, and the connection stood at once"


def test_a_request_that_needs_another_token_needs_its_permit_again(server: Server, pause: StoppedPause) -> None:
    now = [0.0]
    guard = ProcessGuard(lambda: now[0])
    sends = client.Client(Endpoint(server.url, "SOME_URL"), AMPLE)

    class Renews(Tokens):
        def renew(self, refused: Mapping[str, str]) -> bool:
            now[0] += MOST_SECONDS
            return super().renew(refused)

    api = Api(sends, Renews("old", "new"), parse_response, RateLimiter(), pause, AMPLE, guard)
    server.usual = REFUSED
    with guard.decided(), pytest.raises(BrokerUnavailable, match="nothing was sent"):
        api.write("POST", "/v2/orders", {})
    assert len(server.seen) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that nobody vouches for, with its key."""
    made = tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run([*command, "-keyout", made, "-out", tmp_path / "alone.pem"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    made.write_bytes((tmp_path / "alone.pem").read_bytes() + made.read_bytes())
    return made


def test_over_tls_as_without(server: Server, pause: StoppedPause, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_port}"
    with pytest.raises(BrokerUnavailable, match=r"a certificate that is not to be trusted.*nothing was sent"):
        api_at(url, pause).write("POST", "/v2/orders", {"a": "b"})
    assert server.seen == []
    trusting = api_at(url, pause)
    trusting._client._session.verify = str(certificate)
    server.deeds = [Reply(content={"id": "abc"}), Conversation.reset]
    assert trusting.write("POST", "/v2/orders", {"a": "b"}) == {"id": "abc"}
    with pytest.raises(OutcomeUnknown, match="hung up: the request was sent"):
        trusting.write("POST", "/v2/orders", {"a": "b"})
