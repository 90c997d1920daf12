"""What the server needs before other machines may reach it, and the address that it says."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT
from tradebot.settings import Settings
from tradebot.web.reach import address, problems

PEM = ROOT / "tests" / "fixtures" / "mail_server.pem"
PLAIN = Settings()
PROXIED = Settings(web_trusted_proxy=(ip_network("10.0.0.2"),), web_allowed_hosts=("trade.example.org",))
CERTIFIED = Settings(web_tls_cert=PEM, web_tls_key=PEM, web_allowed_hosts=("trade.example.org",))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_this_machine_needs_nothing(host: str) -> None:
    assert list(problems(PLAIN, host, has_token=False)) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_beyond_it_everything_is_named_that_is_missing(host: str) -> None:
    named = [problem.where for problem in problems(PLAIN, host, has_token=False)]
    assert named == ["tokens", "WEB_TLS_CERT, WEB_TLS_KEY or WEB_TRUSTED_PROXY", "WEB_ALLOWED_HOSTS"]
    assert list(problems(PROXIED, host, has_token=True)) == []
    assert list(problems(CERTIFIED, host, has_token=True)) == []


def test_a_certificate_is_tried(tmp_path: Path) -> None:
    (half,) = problems(replace(PLAIN, web_tls_cert=PEM), "127.0.0.1", has_token=True)
    assert half.where == "WEB_TLS_KEY"
    (tmp_path / "none.pem").write_text("no certificate")
    for name in ("missing.pem", "none.pem"):
        wrong = replace(CERTIFIED, web_tls_key=tmp_path / name)
        (problem,) = problems(wrong, "127.0.0.1", has_token=True)
        assert "cannot be used" in problem.what


def test_the_address_is_one_to_type() -> None:
    assert address(PLAIN, "127.0.0.1", 8000) == "http://127.0.0.1:8000"
    assert address(PLAIN, "::1", 8000) == "http://[::1]:8000"
    assert address(CERTIFIED, "::", 8443) == "https://trade.example.org:8443"
    assert address(PROXIED, "0.0.0.0", 8000) == "https://trade.example.org"
