"""Certificates and proxies that the environment names: what cannot be used is one clear message before any request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine

UNUSABLE = [
    ({"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"}, "REQUESTS_CA_BUNDLE (environment): the certificates /nowhere/ca.pem"),
    ({"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE (environment): the certificates /nowhere/ca.pem"),
    ({"SSL_CERT_DIR": "/nowhere"}, "SSL_CERT_DIR (environment): there is no folder /nowhere"),
    ({"SSL_CERT_FILE": str(Path(__file__))}, "holds no certificates"),
    ({"HTTPS_PROXY": "http://me:hunter2@proxy:port"}, "HTTPS_PROXY (environment): it is no address"),
    ({"http_proxy": "http://"}, "http_proxy (environment): it is no address"),
    ({"ALL_PROXY": "ftp://proxy"}, "ALL_PROXY (environment): 'ftp' is no kind of proxy"),
    ({"https_proxy": "socks5://proxy:1080"}, "needs the package PySocks"),
]


@pytest.mark.parametrize(("environ", "words"), UNUSABLE)
def test_config_check_names_the_variable(environ: dict[str, str], words: str, made: Machine) -> None:
    ended = made("config", "check", **environ)
    assert ended.code == 3
    (line,) = ended.err.splitlines()
    assert words in line
    assert "hunter2" not in ended.out + ended.err


def test_preflight_names_every_variable(traded: Machine) -> None:
    ended = traded("preflight", "--json", REQUESTS_CA_BUNDLE="/nowhere/ca.pem", HTTPS_PROXY="http://")
    assert ended.code == 5
    (network,) = [check for check in ended.json["checks"] if check["name"] == "network"]
    assert (network["result"], "REQUESTS_CA_BUNDLE" in network["figure"]) == ("fail", True)
    assert "HTTPS_PROXY" in network["figure"]


def test_entries_that_exclude_nothing_are_a_warning(traded: Machine) -> None:
    ended = traded("preflight", "--json", no_proxy="localhost, .corp.example, http://a.example, *.b.example")
    assert ended.code == 0
    (network,) = [check for check in ended.json["checks"] if check["name"] == "network"]
    assert network["result"] == "warn"
    assert "'http://a.example'" in network["figure"]
    assert "'*.b.example'" in network["figure"]
    assert "corp" not in network["figure"]


def test_a_broker_outside_is_not_asked_through_what_cannot_be_used(machine: Machine) -> None:
    machine.env("BROKER=alpaca", "ALPACA_API_KEY=PKTEST")
    ended = machine("run-daily", REQUESTS_CA_BUNDLE="/nowhere/ca.pem", HTTPS_PROXY="http://127.0.0.1:1")
    assert ended.code == 3
    (line,) = ended.err.splitlines()
    assert "REQUESTS_CA_BUNDLE (environment): the certificates /nowhere/ca.pem cannot be read" in line


def test_a_session_on_the_embedded_exchange_needs_no_network(machine: Machine) -> None:
    assert machine("run-daily", REQUESTS_CA_BUNDLE="/nowhere/ca.pem", HTTPS_PROXY="http://").code == 0


@pytest.mark.parametrize(("environ", "words"), UNUSABLE[::3])
def test_an_emergency_stop_goes_on_without_it(environ: dict[str, str], words: str, traded: Machine) -> None:
    ended = traded("emergency-stop", "--reason", "a test", **environ)
    assert (ended.code, (traded.home / "state" / "HALT").exists()) == (0, True)
    assert words in ended.out + ended.err


def test_a_system_without_certificates_is_told_where_mail_needs_them(made: Machine, odd: Odd, tmp_path: Path) -> None:
    made.env("EMAIL_SMTP_SERVER=127.0.0.1", "ALERT_EMAIL_RECIPIENTS=me@example.org")
    (tmp_path / "none").mkdir()
    bare = "import ssl\nssl.SSLContext.load_default_certs = lambda *given: None\n"
    ended = made("config", "check", SSL_CERT_DIR=str(tmp_path / "none"), **odd(bare))
    assert ended.code == 3
    assert "certificates: this system has none" in ended.err
    assert "ca-certificates" in ended.err
