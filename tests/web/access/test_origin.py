"""Which requests may come in: names, encryption, and the pages that they come from."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from tradebot.web.access.origin import Caller, OriginRules, Place, Rejected, host_name, is_same_origin

HERE = Caller("127.0.0.1", False, ("127.0.0.1:8000",), None, None, None, None)
PROXY = replace(
    HERE, peer="10.0.0.2", hosts=("trade.example.org",), forwarded_proto="https", forwarded_for="203.0.113.9"
)
RULES = OriginRules(frozenset({"trade.example.org"}), (ip_network("10.0.0.2"), ip_network("10.1.0.0/16")))


@pytest.mark.parametrize(
    "hosts", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST", "localhost.", "127.8.8.8:1"]
)
def test_this_machine_is_answered_by_its_own_names(hosts: str) -> None:
    assert isinstance(OriginRules().place(replace(HERE, hosts=(hosts,))), Place)


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("localhost", "evil.example"),
        ("localhost", "localhost"),
        ("evil.example",),
        ("localhost.evil.example",),
        ("evil.example:8000",),
        ("127.0.0.1.evil.example",),
        ("2130706433",),
        ("0x7f.1",),
        ("0.0.0.0:8000",),
        ("localhost@evil.example",),
        ("evil.example#localhost",),
        ("evil.example/localhost",),
        ("evil.example?localhost",),
        ("localhost:port",),
        ("localhost evil",),
        ("",),
    ],
)
def test_no_other_name_is_answered(hosts: tuple[str, ...]) -> None:
    found = RULES.place(replace(HERE, hosts=hosts, is_tls=True))
    assert isinstance(found, Rejected) and found.status in (400, 421)


def test_a_name_of_the_settings_is_answered_encrypted_alone() -> None:
    named = replace(HERE, hosts=("Trade.Example.ORG",))
    assert isinstance(RULES.place(named), Rejected), "plain"
    assert RULES.place(replace(named, is_tls=True)) == Place("127.0.0.1", "https", "trade.example.org")
    assert isinstance(RULES.place(replace(named, forwarded_proto="https")), Rejected), "no proxy that is known says so"
    assert RULES.place(PROXY) == Place("203.0.113.9", "https", "trade.example.org")
    assert isinstance(RULES.place(replace(PROXY, forwarded_proto="http")), Rejected)
    assert isinstance(RULES.place(replace(PROXY, forwarded_proto=None)), Rejected)


def test_a_plain_request_from_another_machine_is_not_answered_whatever_name_it_calls() -> None:
    assert isinstance(RULES.place(replace(HERE, peer="10.9.9.9")), Rejected)
    assert isinstance(RULES.place(replace(HERE, peer="10.9.9.9", is_tls=True)), Place)
    assert isinstance(RULES.place(replace(HERE, peer="::ffff:10.0.0.2")), Place), "the proxy of a container"


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),  # what the client itself says is not believed
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.1.2.3", "10.0.0.2"),
        (None, "10.0.0.2"),
        (", ,", "10.0.0.2"),
    ],
)
def test_the_client_behind_a_proxy_is_the_last_one_that_is_no_proxy(said: str | None, client: str) -> None:
    found = RULES.place(replace(PROXY, forwarded_for=said))
    assert isinstance(found, Place) and found.address == client
    from_elsewhere = RULES.place(replace(HERE, forwarded_for=said))
    assert isinstance(from_elsewhere, Place) and from_elsewhere.address == "127.0.0.1"


@pytest.mark.parametrize(("site", "is_answered"), [
    (None, True), ("none", True), ("same-origin", True),
    ("cross-site", False), ("same-site", False), ("", False), ("SAME-ORIGIN", False), ("anything", False),
])  # fmt: skip
def test_a_page_of_another_site_gets_no_answer(site: str | None, is_answered: bool) -> None:
    assert isinstance(OriginRules().place(replace(HERE, fetch_site=site)), Place) == is_answered


@pytest.mark.parametrize(("origin", "is_answered"), [
    (None, True), ("http://127.0.0.1:8000", True), ("HTTP://127.0.0.1:8000", True),
    ("http://127.0.0.1:8001", False), ("https://127.0.0.1:8000", False), ("http://localhost:8000", False),
    ("http://127.0.0.1", False), ("null", False), ("", False), ("http://127.0.0.1:8000.evil.example", False),
    ("http://127.0.0.1:8000/path", False), ("http://evil.example", False), ("file://", False),
    ("http://127.0.0.1:8000,http://evil.example", False), ("http://127.0.0.1:99999999", False),
])  # fmt: skip
def test_a_page_of_another_origin_gets_no_answer(origin: str | None, is_answered: bool) -> None:
    assert isinstance(OriginRules().place(replace(HERE, origin=origin)), Place) == is_answered


def test_the_default_port_may_be_written_or_not() -> None:
    assert is_same_origin("https://a.example", "https://a.example:443")
    assert not is_same_origin("null", "null")


def test_a_source_is_an_address_or_its_network() -> None:
    sources = {address: Place(address, "http", "localhost").source for address in (
        "203.0.113.9", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", "::ffff:203.0.113.9", "fe80::1%eth0", "a socket",
    )}  # fmt: skip
    assert list(sources.values()) == [
        "203.0.113.9", "2001:db8:1:2::", "2001:db8:1:2::", "203.0.113.9", "fe80::", "a socket",
    ]  # fmt: skip


def test_the_name_in_a_host_field() -> None:
    assert [host_name(text) for text in ("a:1", "[::1]:1", "[::1", "a:b", "a b", "u@a", "a.")] == [
        "a", "::1", "", "", "", "", "a",
    ]  # fmt: skip
