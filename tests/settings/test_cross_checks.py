"""Settings that are valid each by itself, and in conflict or odd together."""

from __future__ import annotations

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("TRADING_MODE=live\nBROKER=alpaca\n", "TRADING_MODE", "LIVE_TRADING_ENABLED=true"),
        ("TRADING_MODE=live\nLIVE_TRADING_ENABLED=true\n", "TRADING_MODE", "no real money"),
        ("BROKER=robinhood\n", "BROKER", "robinhood broker is not in this version yet"),
        ("MIN_ORDER_VALUE=200\nMAX_ORDER_VALUE=200\n", "MIN_ORDER_VALUE", "smaller than MAX_ORDER_VALUE"),
        ("PAPER_ACTIONS=actions.csv\n", "PAPER_ACTIONS", "Set PAPER_DATA too"),
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
