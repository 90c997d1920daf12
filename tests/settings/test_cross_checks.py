"""Settings that are valid each by itself, and in conflict or odd together."""

from __future__ import annotations

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf

_MAIL = "EMAIL_SECURITY=none\nEMAIL_USERNAME=me\nEMAIL_PASSWORD=secret\nALERT_EMAIL_RECIPIENTS=you@example.com\n"


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("TRADING_MODE=live\nBROKER=alpaca\n", "TRADING_MODE", "LIVE_TRADING_ENABLED=true"),
        ("TRADING_MODE=live\nLIVE_TRADING_ENABLED=true\n", "TRADING_MODE", "no real money"),
        ("MIN_ORDER_VALUE=200\nMAX_ORDER_VALUE=200\n", "MIN_ORDER_VALUE", "smaller than MAX_ORDER_VALUE"),
        ("PAPER_ACTIONS=actions.csv\n", "PAPER_ACTIONS", "Set PAPER_DATA too"),
        (f"{_MAIL}EMAIL_SMTP_SERVER=mail\n", "EMAIL_SECURITY", "a password leaves this machine only encrypted"),
        (f"{_MAIL}EMAIL_SMTP_SERVER=192.0.2.1\n", "EMAIL_SECURITY", "Write EMAIL_SECURITY=auto"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    problems_of: ProblemsOf, text: str, name: str, words: str
) -> None:
    assert any(problem.where.startswith(f"{name} (") and words in str(problem) for problem in problems_of(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LIVE_TRADING_ENABLED=true\n", "nothing is traded with real money"),
        ("RISK_PER_TRADE_PCT=5%\nMAX_PORTFOLIO_RISK_PCT=1%\n", "no trade will take its full risk"),
        ("MAX_POSITION_SIZE_PCT=50%\nMAX_GROSS_EXPOSURE_PCT=40%\n", "no position will reach it"),
        ("DAILY_LOSS_LIMIT_PCT=20%\n", "halts before the day's limit"),
    ],
)
def test_settings_that_are_odd_together_warn(load_home: LoadHome, text: str, words: str) -> None:
    (warning,) = load_home(text).warnings
    assert words in warning


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_a_password_may_go_to_this_machine_without_encryption(load_home: LoadHome, server: str) -> None:
    assert load_home(f"{_MAIL}EMAIL_SMTP_SERVER={server}\n").settings.email_security == "none"


@pytest.mark.parametrize("server", ["mail", "mail_relay", "192.0.2.1", "2001:DB8::1", "[2001:db8::1]", "Smtp.Example"])
def test_a_mail_server_may_be_a_word_or_an_address(load_home: LoadHome, server: str) -> None:
    loaded = load_home(f"EMAIL_SMTP_SERVER={server}\nALERT_EMAIL_RECIPIENTS=you@example.com\n")
    assert loaded.settings.email_smtp_server == server.strip("[]").lower()
