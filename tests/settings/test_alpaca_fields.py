"""Alpaca's keys, addresses and modes: what can be seen to be wrong without asking, each in one clear message."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf

PAPER_KEY, LIVE_KEY = "PKABCDEFGHIJ12345678", "AKABCDEFGHIJ12345678"
SECRET = "abcdEFGH1234/ijklMNOP5678+qrstUVWX90abcd"
HERE = "http://127.0.0.1:4010"
LIVE = {"TRADING_MODE": "live", "LIVE_TRADING_ENABLED": "true"}


def home(key: str = PAPER_KEY, secret: str = SECRET, **others: str) -> dict[str, str]:
    return {"BROKER": "alpaca", "ALPACA_API_KEY": key, "ALPACA_SECRET_KEY": secret, **others}


@pytest.mark.parametrize(
    "environ",
    [
        home(),
        home(ALPACA_BASE_URL="https://paper-api.alpaca.markets", ALPACA_DATA_URL="https://data.alpaca.markets/v2"),
        home(ALPACA_BASE_URL=HERE),
        home(LIVE_KEY, **LIVE),
        home(LIVE_KEY, **LIVE, ALPACA_BASE_URL="https://api.alpaca.markets/"),
        home("some-key-of-a-kind-that-is-new", **LIVE),
        home("some-key-of-a-kind-that-is-new"),
    ],
)
def test_what_agrees_is_taken(environ: dict[str, str], load_home: LoadHome) -> None:
    loaded = load_home(environ=environ)
    assert loaded.warnings == ()
    assert loaded.settings.start_time is None


@pytest.mark.parametrize(
    ("environ", "where", "words"),
    [
        ({"BROKER": "alpaca"}, "ALPACA_API_KEY", "needs ALPACA_API_KEY and ALPACA_SECRET_KEY"),
        (home(key=""), "ALPACA_API_KEY", "BROKER=alpaca needs ALPACA_API_KEY. "),
        (home(secret=" "), "ALPACA_SECRET_KEY", "BROKER=alpaca needs ALPACA_SECRET_KEY. "),
        (home(SECRET, PAPER_KEY), "ALPACA_API_KEY", "the two are swapped"),
        (home(SECRET, LIVE_KEY), "ALPACA_API_KEY", "the two are swapped"),
        (home(PAPER_KEY, PAPER_KEY), "ALPACA_API_KEY", "the same"),
        (home(LIVE_KEY), "ALPACA_API_KEY", "the key of a live account and TRADING_MODE is paper"),
        (home(PAPER_KEY, **LIVE), "ALPACA_API_KEY", "the key of a paper account and TRADING_MODE is live"),
        (home("not_a_kind", ALPACA_BASE_URL="https://api.alpaca.markets"), "ALPACA_BASE_URL", "for live accounts"),
        (
            home(LIVE_KEY, **LIVE, ALPACA_BASE_URL="https://paper-api.alpaca.markets"),
            "ALPACA_BASE_URL",
            "the address for paper accounts and TRADING_MODE is live",
        ),
        (home(f'"{PAPER_KEY}"'), "ALPACA_API_KEY", "quotation mark"),
        (home(secret=f"{SECRET} # paper"), "ALPACA_SECRET_KEY", "a blank"),
    ],
)
def test_what_does_not_agree_is_one_problem(
    environ: dict[str, str], where: str, words: str, problems_of: ProblemsOf
) -> None:
    (problem,) = problems_of(environ=environ)
    assert problem.where.startswith(f"{where} (")
    assert words in str(problem)
    for secret in (PAPER_KEY, LIVE_KEY, SECRET):
        assert secret not in str(problem)


def test_a_home_on_the_embedded_exchange_may_keep_any_keys(load_home: LoadHome) -> None:
    assert load_home(environ=home(LIVE_KEY) | {"BROKER": "paper"}).warnings == ()


def test_the_time_may_be_another_where_the_broker_is_played_on_this_machine(load_home: LoadHome) -> None:
    environ = home(ALPACA_BASE_URL=HERE, ALPACA_DATA_URL="http://localhost:4011", TRADEBOT_NOW="2026-11-20T09:35-05:00")
    settings = load_home(environ=environ).settings
    assert settings.start_time == datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
    assert settings.broker_is_local


@pytest.mark.parametrize(
    "environ",
    [
        {},
        home(),
        home(ALPACA_BASE_URL=HERE),
        home(ALPACA_DATA_URL=HERE),
        home(ALPACA_BASE_URL=HERE, ALPACA_DATA_URL="https://data.alpaca.markets"),
        home(ALPACA_BASE_URL=HERE, ALPACA_DATA_URL=HERE) | {"BROKER": "paper"},
    ],
)
def test_the_time_is_what_it_is_anywhere_else(environ: dict[str, str], problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(environ=environ | {"TRADEBOT_NOW": "2026-11-20T14:35:00Z"})
    assert problem.where == "TRADEBOT_NOW (environment)"
    assert "goes by the time that it really is" in problem.what
