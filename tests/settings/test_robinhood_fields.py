"""Robinhood's settings: the number of an account, and the address of a stand-in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf

ROBINHOOD = {"BROKER": "robinhood"}


def test_robinhood_needs_no_other_setting(load_home: LoadHome) -> None:
    settings = load_home(environ=ROBINHOOD).settings
    assert not settings.broker_is_local
    assert settings.robinhood_request_gap_ms == 400


@pytest.mark.parametrize("url", ["http://127.0.0.1:4010", "http://localhost:4010/", "https://[::1]:4010"])
def test_the_time_may_be_another_where_robinhood_is_played_on_this_machine(url: str, load_home: LoadHome) -> None:
    environ = ROBINHOOD | {"ROBINHOOD_BASE_URL": url, "TRADEBOT_NOW": "2026-11-20T09:35-05:00"}
    settings = load_home(environ=environ).settings
    assert settings.broker_is_local
    assert settings.start_time == datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
    assert settings.robinhood_base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"ALPACA_BASE_URL": "http://127.0.0.1:1", "ALPACA_DATA_URL": "http://127.0.0.1:1"},
        {"ROBINHOOD_BASE_URL": "http://127.0.0.1:1", "BROKER": "paper"},
    ],
)
def test_the_time_is_what_it_is_at_robinhood_itself(environ: dict[str, str], problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(environ=ROBINHOOD | {"TRADEBOT_NOW": "2026-11-20T14:35:00Z"} | environ)
    assert problem.where == "TRADEBOT_NOW (environment)"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://api.robinhood.com", "not an address of this machine"),
        ("http://127.0.0.1.example.com", "not an address of this machine"),
        ("http://user:word@127.0.0.1", "more than a host"),
        ("http://127.0.0.1/orders", "more than a host"),
    ],
)
def test_no_other_host_gets_the_tokens(url: str, words: str, problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(environ=ROBINHOOD | {"ROBINHOOD_BASE_URL": url})
    assert words in str(problem)
    assert "word@" not in str(problem)


def test_the_number_of_the_account_is_shown_masked(load_home: LoadHome) -> None:
    loaded = load_home(environ=ROBINHOOD | {"ROBINHOOD_ACCOUNT": "5qr12345"})
    assert loaded.settings.robinhood_account is not None
    assert loaded.settings.robinhood_account.reveal() == "5QR12345"
    assert "5QR12345" in loaded.settings.secrets()
    assert "5QR12345" not in repr(loaded.settings)
